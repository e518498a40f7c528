// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;

namespace SystemContainers.Doctor;

/// <summary>What decides which images are pulled, from where, and with whose name: policy.json, registries.conf, auth
/// files.</summary>
static class TrustCheck
{
    /// <summary>containers-policy.json(5).</summary>
    public static IReadOnlyList<DoctorFinding> Policy(DoctorTarget target)
    {
        const string Name = "policy";
        string own = SignaturePolicy.Own(target.User, target.Root, target.Environment);

        // The caller's own is no policy of a system below a directory.
        string? named = target.IsRunning ? SignaturePolicy.Named(target.Environment) : null;
        string file = named ?? SignaturePolicy.Find(own, target.Here);
        try
        {
            if (target.ReadText(file) is not { } text)
            {
                return
                [
                    named is not null
                        ? DoctorFinding.Problem(
                            Name,
                            $"{Redact.Text(file)} is not there, and ${SignaturePolicy.Variable} names it: nothing can be pulled",
                            $"put it there, or unset ${SignaturePolicy.Variable}"
                        )
                        : DoctorFinding.Warning(
                            Name,
                            $"{file} is not there: every image is accepted, from any registry",
                            "write one with default 'reject' and what you trust as docker scopes; see containers-policy.json(5)"
                        ),
                ];
            }

            _ = SignaturePolicy.Load(target.Here(file));
            List<DoctorFinding> findings =
            [
                AcceptsAll(text)
                    ? DoctorFinding.Warning(
                        Name,
                        $"{file} accepts every image, from any registry",
                        "set default to 'reject' and name what you trust as docker scopes; see containers-policy.json(5)"
                    )
                    : DoctorFinding.Ok(
                        Name,
                        $"{file} says what may be pulled{(named is null ? "" : $", for ${SignaturePolicy.Variable} names it")}"
                    ),
            ];
            if (
                (file != own || target.User is null)
                && (named is null || target.User is null)
                && target.OpenTo(file) is { } open
            )
            {
                findings.Add(
                    DoctorFinding.Problem(
                        Name,
                        $"{open}: who writes it chooses what is trusted",
                        "give it and the directories above to root, and to nobody else to write"
                    )
                );
            }

            return findings;
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{e.Message}: nothing can be pulled",
                    "correct it; see containers-policy.json(5)"
                ),
            ];
        }
    }

    /// <summary>containers-registries.conf(5) and its drop-ins.</summary>
    public static IReadOnlyList<DoctorFinding> Registries(DoctorTarget target)
    {
        const string Name = "registries";
        RegistriesConfPaths paths = RegistriesConfPaths.Of(target.User);
        if (!target.IsRunning)
        {
            paths = new RegistriesConfPaths(
                target.Here("/etc/containers/registries.conf"),
                target.Here("/etc/containers/registries.conf.d"),
                ShortNameCache: null
            );
        }

        try
        {
            // A FIFO in the place of one would hold the parser up.
            foreach (
                string file in (string[])
                    [paths.Main, .. paths.DropInFiles(), .. paths.Last is { } last ? [last] : Array.Empty<string>()]
            )
            {
                _ = BoundedFile.Read("/", file, 1 << 20);
            }

            RegistriesConfig registries = RegistriesConfig.Load(paths);
            return
            [
                DoctorFinding.Ok(
                    Name,
                    File.Exists(paths.Main) ? paths.Main : $"{paths.Main} is not there: images are named in full"
                ),
                .. registries.Notes.Select(n =>
                    DoctorFinding.Warning(Name, n, "correct it; see containers-registries.conf(5)")
                ),
            ];
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{e.Message}: nothing can be pulled",
                    "correct it; see containers-registries.conf(5)"
                ),
            ];
        }
    }

    /// <summary>containers-auth.json(5): who else may read the passwords.</summary>
    public static IReadOnlyList<DoctorFinding> Credentials(DoctorTarget target)
    {
        const string Name = "credentials";
        string[] files = target.IsRunning
            ? [.. CredentialPaths.OfUser()]
            : [.. CredentialPaths.OfUser(_ => null, 0).Select(target.Here)];
        string[] there = [.. files.Where(File.Exists)];
        List<DoctorFinding> findings = [];
        foreach (string file in there)
        {
            FileFacts? facts = FileFacts.Of(RealPath.Of(file));
            if (facts is null)
            {
                findings.Add(DoctorFinding.Unknown(Name, $"{file} can't be looked at", "call it as root"));
            }
            else if ((facts.Mode & 0x3f) != 0)
            {
                findings.Add(
                    DoctorFinding.Problem(
                        Name,
                        $"{file} holds passwords, and others than its owner may read or write it (mode {Convert.ToString(facts.Mode, 8)})",
                        $"'chmod 0600 {file}'"
                    )
                );
            }
            else if (!IsJson(file))
            {
                findings.Add(
                    DoctorFinding.Problem(
                        Name,
                        $"{file} is no JSON: registries that want a password refuse us",
                        "log in again: 'sysctr login'"
                    )
                );
            }
            else
            {
                findings.Add(DoctorFinding.Ok(Name, $"{file}, for its owner alone"));
            }
        }

        return findings.Count > 0 ? findings : [DoctorFinding.Ok(Name, "none: registries are asked without a name")];
    }

    private static bool IsJson(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(BoundedFile.Read("/", file, 4 << 20) ?? "{}"u8.ToArray());
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return false;
        }
    }

    /// <summary>Whether no scope of a policy asks for anything. It is known to be a policy.</summary>
    private static bool AcceptsAll(string text)
    {
        using JsonDocument policy = JsonDocument.Parse(text);
        List<JsonElement> lists = [policy.RootElement.GetProperty("default")];
        if (policy.RootElement.TryGetProperty("transports", out JsonElement transports))
        {
            lists.AddRange(
                transports.EnumerateObject().SelectMany(t => t.Value.EnumerateObject()).Select(s => s.Value)
            );
        }

        return lists
            .SelectMany(l => l.EnumerateArray())
            .All(r => r.GetProperty("type").GetString() == "insecureAcceptAnything");
    }
}
