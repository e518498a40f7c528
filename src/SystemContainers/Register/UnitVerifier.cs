using SystemContainers.Errors;
using SystemContainers.Linux;

namespace SystemContainers.Register;

/// <summary>Has systemd itself read units that are not on the host yet: <c>systemd-analyze verify</c>.</summary>
static class UnitVerifier
{
    /// <summary>Complaints about things that are there only after the installation, or that an older systemd just skips.</summary>
    private static readonly string[] s_harmless =
        ["Unknown key name 'DelegateSubgroup'", "Unknown key 'DelegateSubgroup'", "is not executable: No such file", "Failed to open /dev/tty", "Special user nobody"];

    /// <summary>Verifies units and drop-ins together, so that they may name each other.</summary>
    /// <param name="units">File names, <c>NAME.service</c> or <c>NAME.service.d/10-sysctr.conf</c>, and their texts.</param>
    /// <param name="cancellation">Ends systemd-analyze.</param>
    /// <exception cref="SysctrException">Template: systemd refuses one, in systemd's own words.</exception>
    public static async Task VerifyAsync(IReadOnlyList<(string FileName, string Text)> units, CancellationToken cancellation)
    {
        string[] toVerify = [.. units.Select(u => u.FileName).Where(f => !f.EndsWith(".conf", StringComparison.Ordinal))];
        if (toVerify.Length == 0)
        {
            return;
        }

        DirectoryInfo directory = Directory.CreateTempSubdirectory("sysctr-verify-");
        try
        {
            foreach ((string fileName, string text) in units)
            {
                string file = Path.Join(directory.FullName, fileName);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
#pragma warning disable RS0030 // A scratch file.
                await File.WriteAllTextAsync(file, text, cancellation);
#pragma warning restore RS0030
            }

            ProcessResult result = await ProcessRunner.RunAsync(
                "systemd-analyze",
                ["verify", "--man=no", "--recursive-errors=no", .. toVerify.Select(u => Path.Join(directory.FullName, Instance(u, directory.FullName)))],
                cancellation);
            string[] complaints =
            [
                .. result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Where(line => IsAbout(line, directory.FullName, toVerify) && !s_harmless.Any(h => line.Contains(h, StringComparison.Ordinal)))
                    .Select(line => line.Replace(directory.FullName + "/", "", StringComparison.Ordinal)),
            ];
            if (complaints.Length > 0)
            {
                throw new SysctrException(
                    ErrorKind.Template, "verifying the units: systemd refuses them\n  | " + string.Join("\n  | ", complaints),
                    "'sysctr install --display' shows them");
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>A template can be verified as one of its instances only; a link gives it one.</summary>
    private static string Instance(string unit, string directory)
    {
        int at = unit.IndexOf("@.", StringComparison.Ordinal);
        if (at < 0)
        {
            return unit;
        }

        string instance = unit.Insert(at + 1, "verify");
        File.CreateSymbolicLink(Path.Join(directory, instance), unit);
        return instance;
    }

    /// <summary>systemd also speaks of the host's other units; those are not ours to judge.</summary>
    private static bool IsAbout(string line, string directory, string[] units) =>
        line.Contains(directory, StringComparison.Ordinal) ||
        units.Any(u => line.StartsWith(u + ":", StringComparison.Ordinal) || line.StartsWith("Unit " + u, StringComparison.Ordinal));
}
