// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Oci;
using SystemContainers.Templates;

namespace SystemContainers.Render.Spec;

/// <summary>Who an image's payload runs as.</summary>
/// <param name="Gid">Group.</param>
/// <param name="Groups">Supplementary groups, ascending, the primary one among them.</param>
/// <param name="Home">The home directory, for HOME.</param>
sealed record ImageUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string Home)
{
    private const int MaxDatabaseBytes = 1 << 20;

    /// <summary>
    /// Looks up the <c>User</c> of an image's configuration in the image's own /etc/passwd and /etc/group, as podman
    /// and docker do (github.com/moby/sys/user, GetExecUser): <c>user[:group]</c>, both by name or number. What reads
    /// as a number is an id, also where an entry has it for a name: of entries with that id the first gives group, home
    /// and the groups that list its name. Without a group the passwd entry's holds, and the groups that list the user
    /// as a member are supplementary; a group that is given stands alone.
    /// </summary>
    /// <remarks>
    /// Attack: <c>1000:x:0:0::/root:/bin/sh</c> makes root of "1000" where names come first. Unlike moby/sys/user,
    /// which takes what is no number in an entry for 0, an entry without numbers is refused: nobody becomes root by a
    /// typing error.
    /// </remarks>
    /// <exception cref="Errors.SysctrException">Template: a name that the image does not know, or an id out of
    /// range.</exception>
    public static ImageUser Find(string? user, IImageFiles files)
    {
        (string name, string? group) = Split(user);
        uint? number = Id("user", name);
        string[]? entry = Entries(files, "/etc/passwd")
            .FirstOrDefault(e =>
                number is null ? e[0] == Bytes(name) : TryNumber(Field(e, 2), out uint uid) && uid == number
            );
        if (entry is null && number is null)
        {
            throw Unknown("user", name, "/etc/passwd");
        }

        uint entryUid = number ?? 0;
        uint entryGid = 0;
        if (
            entry is not null
            && !(TryNumber(Field(entry, 2), out entryUid) && TryNumber(Field(entry, 3), out entryGid))
        )
        {
            throw TemplateErrors.At("/etc/passwd", $"the entry of {Text(entry[0])} has no numbers for user and group");
        }

        string home = entry is not null && Field(entry, 5) is { Length: > 0 } directory ? Text(directory) : "/";
        if (group is not null)
        {
            uint gid = Group(group, files);
            return new ImageUser(entryUid, gid, [gid], home);
        }

        IEnumerable<uint> groups = entry is null || entry[0].Length == 0 ? [] : Memberships(entry[0], files);
        return new ImageUser(entryUid, entryGid, [.. groups.Append(entryGid).Distinct().Order()], home);
    }

    /// <summary>The number of a group that the payload is to be in as well, given as one or by its name in the image's
    /// /etc/group (--group-add).</summary>
    /// <exception cref="Errors.SysctrException">Usage: the image has no such group.</exception>
    public static uint GroupOf(string group, IImageFiles files) =>
        TryNumber(group, out uint number) ? number
        : Entries(files, "/etc/group").FirstOrDefault(e => e[0] == Bytes(group)) is { } entry
        && TryNumber(Field(entry, 2), out uint gid)
            ? gid
        : throw new Errors.SettingFault("group-add", group, "the image's /etc/group has no such group").ToException(
            "give its number"
        );

    private static (string User, string? Group) Split(string? user)
    {
        string[] parts = (user ?? "").Split(':', 2);
        return (parts[0].Length == 0 ? "0" : parts[0], parts.Length == 2 && parts[1].Length > 0 ? parts[1] : null);
    }

    private static uint Group(string group, IImageFiles files)
    {
        if (Id("group", group) is { } number)
        {
            return number;
        }

        string[] entry =
            Entries(files, "/etc/group").FirstOrDefault(e => e[0] == Bytes(group))
            ?? throw Unknown("group", group, "/etc/group");
        return TryNumber(Field(entry, 2), out uint gid)
            ? gid
            : throw TemplateErrors.At("/etc/group", $"the entry of {group} has no number");
    }

    private static IEnumerable<uint> Memberships(string user, IImageFiles files)
    {
        foreach (string[] entry in Entries(files, "/etc/group"))
        {
            if (
                Field(entry, 3).Split(',').Contains(user, StringComparer.Ordinal)
                && TryNumber(Field(entry, 2), out uint gid)
            )
            {
                yield return gid;
            }
        }
    }

    /// <summary>
    /// The lines of passwd(5) or group(5), however few fields they have: glibc and moby/sys/user take what is missing
    /// at the end for empty. A character a byte, so that names that are no UTF-8 stay apart.
    /// </summary>
    private static IEnumerable<string[]> Entries(IImageFiles files, string path) =>
        files.Find(path) is not { Kind: ImageFileKind.Regular } file
            ? []
            : Encoding
                .Latin1.GetString(files.Read(file, MaxDatabaseBytes))
                .Split('\n')
                .Select(line => line.Trim(' ', '\t', '\r', '\v', '\f'))
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => line.Split(':'));

    private static string Field(string[] entry, int index) => index < entry.Length ? entry[index] : "";

    private static string Bytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static string Text(string bytes) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));

    /// <summary>A user or group that is given as a number, as Go's Atoi reads one: with a sign, too. Null for a
    /// name.</summary>
    /// <exception cref="Errors.SysctrException">Template: it is a number, but no id: moby/sys/user, containerd and
    /// podman end at 2^31-1.</exception>
    private static uint? Id(string what, string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan(text[0] is '+' or '-' ? 1 : 0);
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        return
            long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            && (text[0] != '-' || value == 0)
            && value <= int.MaxValue
            ? (uint)value
            : throw new Errors.SysctrException(
                Errors.ErrorKind.Template,
                $"looking up the image's {what} '{(text.Length > 40 ? text[..40] + "…" : text)}': ids are numbers from 0 to {int.MaxValue}",
                "the image's author has to correct it"
            );
    }

    // The largest one means "no user" to the kernel.
    private static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number != uint.MaxValue;

    private static Errors.SysctrException Unknown(string what, string name, string database) =>
        new(
            Errors.ErrorKind.Template,
            $"looking up the image's {what} '{name}': the image's {database} has no such entry",
            "the image's author has to add it, or to give the number"
        );
}
