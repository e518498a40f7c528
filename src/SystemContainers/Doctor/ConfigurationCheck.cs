// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Target;

namespace SystemContainers.Doctor;

/// <summary>sysctr's own settings, and the seccomp profile that containers get.</summary>
static class ConfigurationCheck
{
    private const string Name = "configuration";

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target)
    {
        string? own = target.User is { } user ? Path.Join(user.ConfigHome, "sysctr/sysctr.toml") : null;
        string file = own is not null && File.Exists(own) ? own : SysctrConfiguration.Path;
        string? text;
        try
        {
            text = target.ReadText(file);
        }
        catch (IOException e)
        {
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{file} can't be used: {e.Message}",
                    "nothing is installed until it is mended or removed"
                ),
            ];
        }

        if (text is null)
        {
            return [DoctorFinding.Ok(Name, $"{file} is not there: the defaults")];
        }

        List<DoctorFinding> findings = [];
        try
        {
            _ = SysctrConfiguration.Load(target.Paths);
            findings.Add(DoctorFinding.Ok(Name, file));
        }
        catch (SysctrException e)
        {
            findings.Add(DoctorFinding.Problem(Name, e.Message, e.Hint ?? "see sysctr.toml(5)"));
        }

        if (file != own && target.OpenTo(file) is { } open)
        {
            findings.Add(
                DoctorFinding.Problem(
                    Name,
                    $"{open}: who writes it chooses what runs as root",
                    "give it and the directories above to root, and to nobody else to write"
                )
            );
        }

        return findings;
    }

    /// <summary>Which profile filters the system calls of containers without a config.json of their own.</summary>
    public static IReadOnlyList<DoctorFinding> Seccomp(DoctorTarget target)
    {
        try
        {
            SeccompFile? file = SeccompFile.Find(target.Root);
            if (file is null)
            {
                return [DoctorFinding.Ok("seccomp", "the built-in profile, for the host has none of its own")];
            }

            _ = SeccompFilter.Parse(file);
            return
            [
                target.OpenTo(file.Path) is { } open
                    ? DoctorFinding.Problem(
                        "seccomp",
                        $"{open}: who writes it chooses what containers may ask of the kernel",
                        "give it and the directories above to root, and to nobody else to write"
                    )
                    : DoctorFinding.Ok("seccomp", $"the profile {file.Path}"),
            ];
        }
        catch (SysctrException e)
        {
            return [DoctorFinding.Problem("seccomp", $"{e.Message}; nothing can be installed", e.Hint ?? "mend it")];
        }
    }
}
