using System.Globalization;
using SystemContainers.Errors;

namespace SystemContainers.Linux.Users;

/// <summary>The ids that a user may give to the users of containers: /etc/subuid and /etc/subgid (subuid(5)).</summary>
static class SubordinateIds
{
    /// <summary>The users that <paramref name="name"/> may use.</summary>
    /// <exception cref="SysctrException">Host: there are none; says how an administrator gives some.</exception>
    public static IReadOnlyList<IdRange> Users(string name, uint uid) => Read("/etc/subuid", "subordinate user ids", name, uid);

    /// <summary>The groups that <paramref name="name"/> may use.</summary>
    /// <exception cref="SysctrException">Host: as for <see cref="Users"/>.</exception>
    public static IReadOnlyList<IdRange> Groups(string name, uint uid) => Read("/etc/subgid", "subordinate group ids", name, uid);

    /// <summary>The ranges of a user, who may be named by name or by number; lines that we can't read are not the user's.</summary>
    internal static IReadOnlyList<IdRange> Parse(string text, string name, uint uid)
    {
        string number = uid.ToString(CultureInfo.InvariantCulture);
        List<IdRange> ranges = [];
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(':') is [string who, string first, string count] && (who == name || who == number) &&
                uint.TryParse(first, CultureInfo.InvariantCulture, out uint start) &&
                uint.TryParse(count, CultureInfo.InvariantCulture, out uint length) && length > 0)
            {
                ranges.Add(new IdRange(0, start, length));
            }
        }

        return ranges;
    }

    private static IReadOnlyList<IdRange> Read(string file, string what, string name, uint uid)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            text = "";
        }

        return Parse(text, name, uid) is { Count: > 0 } ranges ? ranges : throw new SysctrException(
            ErrorKind.Host,
            $"making a user namespace: {name} has no {what} in {file}, and images have files of several owners",
            $"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name} (ranges that nobody else has)");
    }
}
