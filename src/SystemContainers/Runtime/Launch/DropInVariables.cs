// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.SystemdText;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// The names of variables that an administrator's drop-ins give a unit of the system's: theirs count more than all
/// others, and a value alone does not tell whose it is. What can't be read gives none; systemd says so.
/// </summary>
static class DropInVariables
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Where the system's manager looks (systemd.unit(5), "System Unit Search Path").</summary>
    private static readonly string[] s_places =
    [
        "/etc/systemd/system.control",
        "/run/systemd/system.control",
        "/etc/systemd/system",
        "/run/systemd/system",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
    ];

    /// <summary>What is sysctr's own: 20-declared.conf has what the declaring file says.</summary>
    private static readonly string[] s_ours = ["10-sysctr.conf", "20-declared.conf"];

    /// <summary>The names that drop-ins of a unit set.</summary>
    /// <param name="unit">With its instance and suffix.</param>
    /// <param name="root">Where the host is.</param>
    public static IReadOnlyCollection<string> Of(string unit, string root)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (UnitText text in Texts(unit, root))
        {
            try
            {
                Add(text, root, names);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException) { }
        }

        return names;
    }

    /// <summary>The drop-ins of a unit that are not sysctr's and can be read.</summary>
    /// <param name="unit">With its instance and suffix.</param>
    /// <param name="root">Where the host is.</param>
    public static IEnumerable<UnitText> Texts(string unit, string root)
    {
        // Of one name the first counts, and a link to /dev/null takes the others away.
        HashSet<string> seen = new(s_ours, StringComparer.Ordinal);
        foreach (
            string file in Directories(unit)
                .SelectMany(d => s_places.Select(p => Path.Join(root, p, d)))
                .SelectMany(Files)
                .Where(f => seen.Add(Path.GetFileName(f)))
        )
        {
            UnitText text;
            try
            {
                text = UnitText.Parse(BoundedFile.ReadText("/", file, MaxBytes) ?? "");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                continue;
            }

            yield return text;
        }
    }

    private static string[] Files(string directory)
    {
        try
        {
            return Directory.Exists(directory) ? Directory.GetFiles(directory, "*.conf") : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The unit's own, its template's, those of names that it begins with up to a dash, and those of all
    /// services.</summary>
    private static IEnumerable<string> Directories(string unit)
    {
        string suffix = Path.GetExtension(unit);
        string stem = unit[..^suffix.Length];
        List<string> names = [stem];
        int at = stem.IndexOf('@', StringComparison.Ordinal);
        if (at > 0)
        {
            names.Add(stem[..(at + 1)]);
        }

        string prefix = at > 0 ? stem[..at] : stem;
        for (int dash = prefix.LastIndexOf('-'); dash > 0; dash = prefix.LastIndexOf('-', dash - 1))
        {
            names.Add(prefix[..(dash + 1)] + (at > 0 ? "@" : ""));
        }

        return names.Select(n => $"{n}{suffix}.d").Append($"{suffix.TrimStart('.')}.d");
    }

    private static void Add(UnitText text, string root, HashSet<string> names)
    {
        names.UnionWith(text.Words("Service", "PassEnvironment"));
        foreach (string value in text.All("Service", "Environment"))
        {
            names.UnionWith(Assigned(value));
        }

        foreach (string value in text.All("Service", "EnvironmentFile"))
        {
            foreach (string file in EnvironmentFileText.Named(value.TrimStart('-'), p => Path.Join(root, p)))
            {
                names.UnionWith(
                    EnvironmentFileText
                        .Parse(BoundedFile.ReadText("/", Path.Join(root, file), MaxBytes) ?? "")
                        .Select(v => v.Name)
                );
            }
        }
    }

    /// <summary>What stands before the first equals sign of each word; a word may be quoted, as a whole or from a place
    /// in it on (systemd.syntax(7)).</summary>
    private static IEnumerable<string> Assigned(string value)
    {
        char quote = '\0';
        int begin = 0;
        bool isNamed = false;
        for (int i = 0; i <= value.Length; i++)
        {
            char here = i < value.Length ? value[i] : ' ';
            if (here == '\\' && i < value.Length)
            {
                i++;
            }
            else if (quote != '\0' && here == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && here is '"' or '\'')
            {
                quote = here;
                begin = i == begin ? i + 1 : begin;
            }
            else if (here == '=' && !isNamed)
            {
                isNamed = true;
                yield return value[begin..i];
            }
            else if (quote == '\0' && here is ' ' or '\t')
            {
                (begin, isNamed) = (i + 1, false);
            }
        }
    }
}
