// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Runtime;
using SystemContainers.Runtime.Holes;

namespace SystemContainers.Doctor;

/// <summary>The OCI runtimes that containers of this host run on, and those that they could: which, whose, and which
/// known holes they have.</summary>
static class RuntimeCheck
{
    private const string Name = "runtime";

    public static async Task<IReadOnlyList<DoctorFinding>> RunAsync(DoctorTarget target, CancellationToken cancellation)
    {
        List<DoctorFinding> findings = [];
        string? chosen = Find(target, target.Configuration.Runtime, findings);
        string[] used = Used(target);
        string?[] paths = [chosen, .. used, Find(target, "runc", null), Find(target, "crun", null)];
        foreach (string path in paths.OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (!target.IsFile(path))
            {
                findings.Add(
                    DoctorFinding.Problem(
                        Name,
                        $"{path} is not there: containers that run on it can't start",
                        $"install it again ('apt install {Path.GetFileName(path)}' or 'dnf install {Path.GetFileName(path)}'), or 'sysctr update NAME --runtime RUNTIME'"
                    )
                );
                continue;
            }

            // What others can write is not run as root to ask it for its version.
            string? open = target.User is null ? target.OpenTo(path) : null;
            RuntimeExamination examination = await new RuntimeExaminer(target.Root)
            {
                MayRun = open is null,
            }.ExamineAsync(path, cancellation);
            string? role =
                path == chosen ? "for new containers"
                : used.Contains(path, StringComparer.Ordinal) ? "in use"
                : null;
            IEnumerable<DoctorFinding> judged = Judge(
                examination,
                target.IsRunning && open is null,
                ", " + (role ?? "not used")
            );

            // What nobody runs harms nobody, but whoever thinks of it for --runtime has to know.
            findings.AddRange(role is null ? judged.Select(f => f with { Level = DoctorLevel.Ok }) : judged);
            if (open is not null)
            {
                const string Remedy = "give it and the directories above to root, and to nobody else to write";
                findings.Add(
                    role is null
                        ? DoctorFinding.Warning(Name, $"{path} would be run as root, and {open}", Remedy)
                        : DoctorFinding.Problem(Name, $"{path} is run as root, and {open}", Remedy)
                );
            }
        }

        return findings;
    }

    /// <summary>What is said of a runtime.</summary>
    internal static IEnumerable<DoctorFinding> Judge(RuntimeExamination examined, bool wasAsked, string role)
    {
        if (wasAsked && examined.Answer.Length == 0)
        {
            yield return DoctorFinding.Problem(
                Name,
                $"{examined.Path}{role}: '--version' of it fails or takes too long",
                "install it again"
            );
        }
        else if (!examined.IsKnown)
        {
            yield return DoctorFinding.Unknown(
                Name,
                $"{examined.Path}{role}: known holes of {examined.Program ?? "it"} are not known to sysctr",
                "ask its makers"
            );
        }
        else if (examined.Open.Count + examined.Unknown.Count == 0)
        {
            yield return DoctorFinding.Ok(Name, $"{examined.Name}{role}: no known holes, by {examined.Basis}");
        }
        else
        {
            yield return DoctorFinding.Warning(
                Name,
                $"{examined.Name}{role}: {(examined.Open.Count > 0 ? "has" : "may have")} known holes, by {examined.Basis}",
                Remedy(examined)
            ) with
            {
                Details =
                [
                    .. examined.Open.Select(h => $"{h.Id}: {h.Summary}; mended in {string.Join(", ", h.FixedIn)}"),
                    .. examined.Unknown.Select(h =>
                        $"{h.Id}: {h.Summary}; mended in {string.Join(", ", h.FixedIn)}, not known here"
                    ),
                ],
            };
        }

        bool? filters = examined.Program switch
        {
            _ when examined.Answer.Length == 0 => null,
            "runc" => examined.Answer.Contains("libseccomp:", StringComparison.Ordinal),
            "crun" => examined.Answer.Contains("+SECCOMP", StringComparison.Ordinal),
            _ => null,
        };
        if (filters == false)
        {
            yield return DoctorFinding.Problem(
                Name,
                $"{examined.Path} was built without seccomp: containers with a filter do not start",
                "install a build with libseccomp"
            );
        }
    }

    private static string Remedy(RuntimeExamination examined)
    {
        string upstream =
            $"a {examined.Program} of {KnownHole.All.Last(h => h.Program == examined.Program).FixedIn[^1]} or newer, with --runtime or runtime= in sysctr.toml(5)";
        return examined.Package is { } package && examined.Open.Count == 0
            ? $"see the changelog of {package}; or take {upstream}"
            : $"update{(examined.Package is { } installed ? " " + installed : " it")} where your distribution has mended it; else take {upstream}, and install only images that you trust";
    }

    private static string? Find(DoctorTarget target, string? name, List<DoctorFinding>? findings)
    {
        try
        {
            return OciRuntime.Find(name, target.Root).Path;
        }
        catch (SysctrException e)
        {
            findings?.Add(DoctorFinding.Problem(Name, e.Message, e.Hint ?? "install it"));
            return null;
        }
    }

    /// <summary>The runtimes of installed containers; of records that can't be read nothing is known, which fsck
    /// says.</summary>
    private static string[] Used(DoctorTarget target)
    {
        try
        {
            return
            [
                .. target
                    .Catalog.List(_ => { })
                    .Where(r => r.ConfigDigest is not null)
                    .Select(r => r.Runtime)
                    .Distinct(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
