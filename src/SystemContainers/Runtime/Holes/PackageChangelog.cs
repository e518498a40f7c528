// SPDX-License-Identifier: Apache-2.0

using System.IO.Compression;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Runtime.Holes;

/// <summary>
/// What a distribution changed in a package, newest first: it mends old versions, so a version alone makes mended ones
/// look open. Debian Policy 4.4 and 12.7 for <c>/usr/share/doc/PACKAGE/changelog.Debian.gz</c>; <c>rpm --changelog</c>
/// elsewhere.
/// </summary>
/// <param name="Version">The package's version; null where it is not said.</param>
/// <param name="Text">The entries.</param>
sealed record PackageChangelog(string? Version, string Text)
{
    // Debian's own of a large package has about 1 MB.
    private const int MaxPackedBytes = 2 << 20;
    private const int MaxBytes = 8 << 20;

    /// <summary>Reads a Debian package's.</summary>
    /// <returns>Null where it has none: minimal systems leave /usr/share/doc out.</returns>
    public static PackageChangelog? OfDebian(string root, string package)
    {
        string directory = $"/usr/share/doc/{package}/";
        foreach (string name in (string[])["changelog.Debian.gz", "changelog.Debian", "changelog.gz", "changelog"])
        {
            try
            {
                if (BoundedFile.Read(root, directory + name, MaxPackedBytes) is { } bytes)
                {
                    string text = name.EndsWith(".gz", StringComparison.Ordinal)
                        ? Inflate(bytes)
                        : Encoding.UTF8.GetString(bytes);

                    // changelog.gz is upstream's own, but of a package that is Debian's own.
                    return FirstVersion(text) is { } version ? new PackageChangelog(version, text) : null;
                }
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                // As good as none.
                return null;
            }
        }

        return null;
    }

    /// <summary>Asks rpm for a package's.</summary>
    /// <returns>Null where it has no answer.</returns>
    public static async Task<PackageChangelog?> OfRpmAsync(string root, string package, CancellationToken cancellation)
    {
        try
        {
            ProcessResult version = await ProcessRunner.RunAsync(
                "rpm",
                ["--root", root, "--query", "--queryformat", "%{VERSION}-%{RELEASE}\\n", package],
                cancellation
            );
            ProcessResult changes = await ProcessRunner.RunAsync(
                "rpm",
                ["--root", root, "--query", "--changelog", package],
                cancellation
            );
            return version.ExitCode == 0 && changes.ExitCode == 0 && changes.Output.Length <= MaxBytes
                ? new PackageChangelog(version.Output.Split('\n')[0], changes.Output)
                : null;
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Host)
        {
            return null;
        }
    }

    /// <summary>What it says of a hole. The newest entry that names it counts, for a fix can be taken out
    /// again.</summary>
    public HoleState StateOf(string id)
    {
        string[] lines = Text.Split('\n');
        int named = Array.FindIndex(lines, l => Names(l, id));
        if (named < 0)
        {
            // Ubuntu ships the newest entries alone; what was mended before these is not to be seen.
            return
                Text.Contains("Older entries have been removed", StringComparison.OrdinalIgnoreCase)
                && YearOf(id) < OldestYear()
                ? HoleState.Unknown
                : HoleState.Open;
        }

        return IsDenial(Paragraph(lines, named)) ? HoleState.Unknown : HoleState.Closed;
    }

    /// <summary>Whether a line names a hole: CVE-2025-3113 does not stand in CVE-2025-31133.</summary>
    private static bool Names(string line, string id)
    {
        for (
            int at = line.IndexOf(id, StringComparison.OrdinalIgnoreCase);
            at >= 0;
            at = line.IndexOf(id, at + 1, StringComparison.OrdinalIgnoreCase)
        )
        {
            if (at + id.Length == line.Length || !char.IsAsciiDigit(line[at + id.Length]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The item of the list that a line belongs to.</summary>
    private static string Paragraph(string[] lines, int line)
    {
        int first = line;
        while (first > 0 && !IsItem(lines[first]) && lines[first - 1].Trim().Length > 0)
        {
            first--;
        }

        int last = line;
        while (last + 1 < lines.Length && lines[last + 1].Trim().Length > 0 && !IsItem(lines[last + 1]))
        {
            last++;
        }

        return string.Join(' ', lines[first..(last + 1)].Select(l => l.Trim()));
    }

    private static bool IsItem(string line) => line.TrimStart() is ['*' or '-' or '+', ' ', ..];

    private static int YearOf(string id) => int.TryParse(id.Split('-')[1], out int year) ? year : 0;

    /// <summary>Of the signatures, <c> -- Name &lt;mail&gt;  Fri, 02 Feb 2024 21:53:05 +0800</c>.</summary>
    private int OldestYear() =>
        Text.Split('\n')
            .Where(l => l.StartsWith(" -- ", StringComparison.Ordinal) && l.Contains(", ", StringComparison.Ordinal))
            .Select(l =>
                l[(l.LastIndexOf(", ", StringComparison.Ordinal) + 2)..]
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            )
            .Select(date => date is [_, _, string year, ..] && int.TryParse(year, out int number) ? number : 0)
            .DefaultIfEmpty(0)
            .Min();

    private static string Inflate(byte[] packed)
    {
        using GZipStream stream = new(new MemoryStream(packed), CompressionMode.Decompress);
        using MemoryStream content = new();
        byte[] buffer = new byte[1 << 16];
        for (int got; (got = stream.Read(buffer)) > 0 && content.Length <= MaxBytes;)
        {
            content.Write(buffer, 0, got);
        }

        return Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length);
    }

    /// <summary>The version in the first line of a Debian changelog, <c>runc (1.1.5+ds1-1) unstable; urgency=medium</c>
    /// (deb-changelog(5)).</summary>
    private static string? FirstVersion(string text)
    {
        string line = text.TrimStart().Split('\n')[0];
        int open = line.IndexOf(" (", StringComparison.Ordinal);
        int close = open < 0 ? -1 : line.IndexOf(')', open);
        return
            close > 0
            && line.Contains(';', StringComparison.Ordinal)
            && !line[..open].Contains(' ', StringComparison.Ordinal)
            ? line[(open + 2)..close]
            : null;
    }

    /// <summary>Whether a sentence that names a hole says that it is not mended.</summary>
    private static bool IsDenial(string text) =>
        s_denials.Any(d => text.Contains(d, StringComparison.OrdinalIgnoreCase))
        || (
            s_removals.Any(r => text.Contains(r, StringComparison.OrdinalIgnoreCase))
            && (
                text.Contains("fix", StringComparison.OrdinalIgnoreCase)
                || text.Contains("patch", StringComparison.OrdinalIgnoreCase)
            )
        );

    private static readonly string[] s_denials =
    [
        "revert",
        "not fix",
        "not yet fix",
        "isn't fix",
        "unfixed",
        "no fix",
        "incomplete",
        "still open",
        "still vulnerable",
        "still affected",
        "postpone",
        "won't",
    ];

    private static readonly string[] s_removals = ["drop ", "remove ", "disable ", "back out "];
}
