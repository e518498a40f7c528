// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Linux.Users;

/// <summary>
/// The ids that a user may give to the users of containers: those of /etc/subuid and /etc/subgid (subuid(5)), or where
/// nsswitch.conf(5) says that they are; newuidmap(1), which decides, looks there too.
/// </summary>
/// <param name="Uids">Users; <see cref="IdRange.Inside"/> is not set.</param>
/// <param name="Gids">Groups.</param>
sealed record SubordinateIds(IReadOnlyList<IdRange> Uids, IReadOnlyList<IdRange> Gids)
{
    private const string NameServices = "/etc/nsswitch.conf";

    /// <summary>Whether the user can be nobody but root in a namespace: one without the other is of no use, for a file
    /// has both.</summary>
    public bool IsEmpty => Uids.Count == 0 || Gids.Count == 0;

    /// <exception cref="SysctrException">Host: they are kept elsewhere than in the files, and the tool that asks there
    /// is not installed.</exception>
    public static SubordinateIds Of(HostUser user) =>
        Source(Text(NameServices)) is { } source
            ? new SubordinateIds(Ask(source, user), Ask(source, user, "-g"))
            : new SubordinateIds(
                Parse(Text("/etc/subuid"), user.Name, user.Uid),
                Parse(Text("/etc/subgid"), user.Name, user.Uid)
            );

    /// <summary>How an administrator gives a user some.</summary>
    public static string Hint(string name) =>
        Source(Text(NameServices)) is { } source
            ? $"{NameServices} says 'subid: {source}': ranges for {name} have to be added there; 'getsubids {name}' shows them"
            : $"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name} (ranges that nobody else has)";

    /// <summary>The ranges of a user, who may be named by name or by number; lines that we can't read are not the
    /// user's.</summary>
    internal static IReadOnlyList<IdRange> Parse(string text, string name, uint uid)
    {
        string number = uid.ToString(CultureInfo.InvariantCulture);
        return Ranges(
            text.Split('\n')
                .Select(line => line.Split(':'))
                .Where(l => l.Length == 3 && (l[0] == name || l[0] == number))
        );
    }

    /// <summary>Reads what getsubids(1) prints: <c>0: NAME 100000 65536</c>.</summary>
    internal static IReadOnlyList<IdRange> ParseAnswer(string text) =>
        Ranges(
            text.Split('\n')
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(l => l.Length == 4)
                .Select(l => l[1..])
        );

    /// <summary>What the line <c>subid:</c> of nsswitch.conf names first, the only one that counts; null for the
    /// files.</summary>
    internal static string? Source(string text) =>
        text.Split('\n')
            .Select(line => line.Split('#')[0].Trim())
            .Where(line => line.StartsWith("subid:", StringComparison.Ordinal))
            .Select(line =>
                line["subid:".Length..].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()
            )
            .FirstOrDefault()
            is { } source
        && source != "files"
            ? source
            : null;

    /// <param name="lines">Whose, the first id, how many.</param>
    private static List<IdRange> Ranges(IEnumerable<string[]> lines)
    {
        List<IdRange> ranges = [];
        foreach (string[] line in lines)
        {
            if (
                uint.TryParse(line[1], CultureInfo.InvariantCulture, out uint start)
                && uint.TryParse(line[2], CultureInfo.InvariantCulture, out uint length)
                && length > 0
            )
            {
                ranges.Add(new IdRange(0, start, length));
            }
        }

        return ranges;
    }

    /// <summary>Asks through the host's own libsubid, which knows its plugins.</summary>
    private static IReadOnlyList<IdRange> Ask(string source, HostUser user, params string[] options)
    {
        try
        {
            // It fails where there are none.
            ProcessResult answer = ProcessRunner
                .RunAsync("getsubids", [.. options, user.Name], CancellationToken.None)
                .GetAwaiter()
                .GetResult();
            return answer.ExitCode == 0 ? ParseAnswer(answer.Output) : [];
        }
        catch (SysctrException e)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"reading the subordinate ids of {user.Name}: {NameServices} says 'subid: {source}', and {e.Message}",
                "install getsubids: uidmap (Debian 12) or shadow-utils-subid (Fedora)",
                e
            );
        }
    }

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "";
        }
    }
}
