using System.Globalization;
using System.Text;
using SystemContainers.Oci;

namespace SystemContainers.Render;

/// <summary>Who an image's payload runs as.</summary>
/// <param name="Uid">User.</param>
/// <param name="Gid">Group.</param>
/// <param name="Groups">Supplementary groups, ascending, the primary one among them.</param>
/// <param name="Home">The home directory, for HOME.</param>
sealed record ImageUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string Home)
{
    private const int MaxDatabaseBytes = 1 << 20;

    /// <summary>
    /// Looks up the <c>User</c> of an image's configuration in the image's own /etc/passwd and /etc/group, as podman and docker do:
    /// <c>user[:group]</c>, both by name or number. A number needs no entry. Without a group the passwd entry's holds, and the groups
    /// that list the user as a member are supplementary; a group that is given stands alone.
    /// </summary>
    /// <exception cref="Errors.SysctrException">Template: a name that the image does not know.</exception>
    public static ImageUser Find(string? user, IImageFiles files)
    {
        (string name, string? group) = Split(user);
        bool isNumber = TryNumber(name, out uint number);
        string[]? entry = Entries(files, "/etc/passwd", 7)
            .FirstOrDefault(e => e[0] == name || (isNumber && TryNumber(e[2], out uint uid) && uid == number));
        if (entry is null && !isNumber)
        {
            throw Unknown("user", name, "/etc/passwd");
        }

        uint entryUid = number;
        uint entryGid = 0;
        if (entry is not null && !(TryNumber(entry[2], out entryUid) && TryNumber(entry[3], out entryGid)))
        {
            throw TemplateErrors.At("/etc/passwd", $"the entry of {entry[0]} has no numbers for user and group");
        }

        string home = entry?[5] is { Length: > 0 } directory ? directory : "/";
        if (group is not null)
        {
            uint gid = Group(group, files);
            return new ImageUser(entryUid, gid, [gid], home);
        }

        IEnumerable<uint> groups = entry is null ? [] : Memberships(entry[0], files);
        return new ImageUser(entryUid, entryGid, [.. groups.Append(entryGid).Distinct().Order()], home);
    }

    private static (string User, string? Group) Split(string? user)
    {
        string[] parts = (user ?? "").Split(':', 2);
        return (parts[0].Length == 0 ? "0" : parts[0], parts.Length == 2 && parts[1].Length > 0 ? parts[1] : null);
    }

    private static uint Group(string group, IImageFiles files)
    {
        bool isNumber = TryNumber(group, out uint number);
        string[]? entry = Entries(files, "/etc/group", 4).FirstOrDefault(e => e[0] == group);
        return entry is not null && TryNumber(entry[2], out uint gid) ? gid
            : isNumber ? number
            : throw Unknown("group", group, "/etc/group");
    }

    private static IEnumerable<uint> Memberships(string user, IImageFiles files)
    {
        foreach (string[] entry in Entries(files, "/etc/group", 4))
        {
            if (entry[3].Split(',').Contains(user, StringComparer.Ordinal) && TryNumber(entry[2], out uint gid))
            {
                yield return gid;
            }
        }
    }

    /// <summary>The lines of passwd(5) or group(5) that have all their fields; others are passed over, as libc does.</summary>
    private static IEnumerable<string[]> Entries(IImageFiles files, string path, int fields)
    {
        if (files.Find(path) is not { Kind: ImageFileKind.Regular } file)
        {
            return [];
        }

        return Encoding.UTF8.GetString(files.Read(file, MaxDatabaseBytes))
            .Split('\n')
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.TrimEnd('\r').Split(':'))
            .Where(parts => parts.Length >= fields);
    }

    // The largest one means "no user" to the kernel.
    private static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number != uint.MaxValue;

    private static Errors.SysctrException Unknown(string what, string name, string database) => new(
        Errors.ErrorKind.Template,
        $"looking up the image's {what} '{name}': the image's {database} has no such entry",
        "the image's author has to add it, or to give the number");
}
