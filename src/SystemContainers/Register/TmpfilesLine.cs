using System.Globalization;
using System.Text;
using SystemContainers.Linux.Users;

namespace SystemContainers.Register;

/// <summary>A line of tmpfiles.d(5) whose path is plain text.</summary>
/// <param name="Type">Its first letter: d makes a directory, C copies one.</param>
/// <param name="Path">Absolute.</param>
/// <param name="Mode">Permission bits; null where the line does not say.</param>
/// <param name="Uid">The owner inside the user's namespace; null where the line does not say.</param>
/// <param name="Gid">The group, likewise.</param>
/// <param name="Argument">The last field; empty where there is none.</param>
sealed record TmpfilesLine(char Type, string Path, int? Mode, uint? Uid, uint? Gid, string Argument)
{
    /// <summary>The lines of a user's file that name no owner but a number, root, or nobody in particular.</summary>
    /// <param name="text">The file. It speaks of ids as the host has them; others are taken for the container's.</param>
    /// <param name="map">The user's namespace.</param>
    public static IReadOnlyList<TmpfilesLine> Parse(string text, IdMap map) =>
        [.. text.Split('\n').Select(line => ParseLine(line, map)).OfType<TmpfilesLine>()];

    private static TmpfilesLine? ParseLine(string line, IdMap map)
    {
        string rest = line;
        if (Field(ref rest) is not { Length: > 0 } type || type[0] == '#' || Plain(Field(ref rest)) is not { } path || !path.StartsWith('/'))
        {
            return null;
        }

        string mode = Field(ref rest).TrimStart('~', ':');
        bool known = TryId(Field(ref rest), map.UidInside, out uint? uid) & TryId(Field(ref rest), map.GidInside, out uint? gid);
        Field(ref rest);
        return !known ? null : new TmpfilesLine(
            type[0], path, mode.Length > 0 && mode.All(c => c is >= '0' and <= '7') ? Convert.ToInt32(mode, 8) & 0xfff : null,
            uid, gid, Plain(rest.Trim(' ', '\t')) ?? "");
    }

    private static bool TryId(string field, Func<uint, uint?> inside, out uint? id)
    {
        string text = field.TrimStart(':');
        bool isNumber = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
        id = isNumber ? inside(number) ?? number : text == "root" ? 0 : null;
        return isNumber || text is "" or "-" or "root";
    }

    /// <summary>A text without specifiers; null where it has some.</summary>
    private static string? Plain(string text)
    {
        string plain = text.Replace("%%", "\0", StringComparison.Ordinal);
        return plain.Contains('%', StringComparison.Ordinal) ? null : plain.Replace('\0', '%');
    }

    /// <summary>Takes a field off the front: to the next blank, but for blanks in quotes and behind a backslash.</summary>
    private static string Field(ref string rest)
    {
        string text = rest.TrimStart(' ', '\t');
        StringBuilder field = new();
        char quote = '\0';
        int at = 0;
        for (; at < text.Length; at++)
        {
            char c = text[at];
            if (c == '\\' && at + 1 < text.Length)
            {
                field.Append(text[++at]);
            }
            else if (quote == '\0' && c is (' ' or '\t'))
            {
                break;
            }
            else if (quote == '\0' ? c is '"' or '\'' : c == quote)
            {
                quote = quote == '\0' ? c : '\0';
            }
            else
            {
                field.Append(c);
            }
        }

        rest = text[at..];
        return field.ToString();
    }
}
