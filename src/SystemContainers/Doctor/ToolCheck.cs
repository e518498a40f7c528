// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Systemd;
using SystemContainers.Target;

namespace SystemContainers.Doctor;

/// <summary>sysctr itself: which, whose, and whether what its package brought is as it was brought.</summary>
static class ToolCheck
{
    private const string Name = "sysctr";

    // dpkg --verify and rpm --verify list what differs: the files of one package.
    private const int MaxListed = 5;

    public static async Task<IReadOnlyList<DoctorFinding>> RunAsync(DoctorTarget target, CancellationToken cancellation)
    {
        List<DoctorFinding> findings = [];
        string tool = ToolPaths.ToolOn(target.Paths);
        string listen = ToolPaths.ListenHelperOn(target.Paths);
        string version =
            typeof(ToolCheck).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "";
        if (!target.IsFile(tool))
        {
            findings.Add(
                DoctorFinding.Problem(
                    Name,
                    $"units call {tool}, which is not there{(target.IsRunning ? "" : $" below {target.Root}")}",
                    target.IsRunning
                        ? "install sysctr there, and call it from there"
                        : $"install sysctr below {target.Root}: its package, or 'make install DESTDIR={target.Root}'"
                )
            );
            return findings;
        }

        string? package = await PackageOwner.FindAsync(target.Root, tool, cancellation) is { Length: > 0 } owner
            ? owner.Split(',')[0]
            : null;
        findings.Add(
            DoctorFinding.Ok(
                Name,
                $"{(target.IsRunning ? $"{version}, " : "")}{tool}, {(package is null ? "of no package" : $"of the package {package}")}"
            )
        );
        if (package is not null)
        {
            findings.AddRange(await VerifyAsync(target, package, cancellation));
        }

        if (!target.IsFile(listen))
        {
            findings.Add(
                DoctorFinding.Problem(
                    Name,
                    $"sysctr-listen is not there ({listen}): containers with sockets or a watchdog and the host's process ids do not start",
                    "install sysctr's package, or 'make install'"
                )
            );
        }
        else if (target.User is null)
        {
            findings.AddRange(
                from path in (string[])[tool, listen]
                let open = target.OpenTo(path)
                where open is not null
                select DoctorFinding.Problem(
                    Name,
                    $"{path} is run as root, and {open}",
                    "give it and the directories above to root, and to nobody else to write"
                )
            );
        }

        return findings;
    }

    private static async Task<IEnumerable<DoctorFinding>> VerifyAsync(
        DoctorTarget target,
        string package,
        CancellationToken cancellation
    )
    {
        bool debian = Directory.Exists(target.Here("/var/lib/dpkg"));
        ProcessResult result;
        try
        {
            result = debian
                ? await ProcessRunner.RunAsync("dpkg", ["--root=" + target.Root, "--verify", package], cancellation)
                : await ProcessRunner.RunAsync("rpm", ["--root", target.Root, "--verify", package], cancellation);
        }
        catch (SysctrException)
        {
            return [];
        }

        // "??5?????? c /path": configuration and documentation are meant to be edited, or left out of small systems.
        string[] altered =
        [
            .. from line in result.Output.Split('\n')
            let path = line.IndexOf('/') is >= 0 and int at ? line[at..].Trim() : ""
            where
                path.Length > 0
                && !line[..line.IndexOf('/')].Contains(" c ", StringComparison.Ordinal)
                && !path.StartsWith("/usr/share/", StringComparison.Ordinal)
            select path,
        ];
        return altered.Length == 0
            ? []
            :
            [
                DoctorFinding.Problem(
                    Name,
                    $"not as the package {package} brought them: {string.Join(", ", altered.Take(MaxListed))}{(altered.Length > MaxListed ? $" and {altered.Length - MaxListed} more" : "")}",
                    $"{(debian ? $"'apt install --reinstall {package}'" : $"'dnf reinstall {package}'")}; a change of your own belongs into /etc"
                ),
            ];
    }
}
