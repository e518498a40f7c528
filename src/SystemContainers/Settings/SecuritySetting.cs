// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>What values of <c>--security-opt</c> say together (podman-run(1)).</summary>
sealed record SecuritySetting
{
    /// <summary>A value of <see cref="Unmask"/>.</summary>
    private const string AllPaths = "ALL";

    private static readonly string[] s_labels = ["user", "role", "type", "level", "filetype"];

    /// <summary>Whether setuid programs may add rights; null: nobody said.</summary>
    public bool? NewPrivileges { get; private init; }

    /// <summary>Whether no seccomp filter is wanted.</summary>
    public bool Unconfined { get; private init; }

    /// <summary>The host's file with the seccomp profile; null for the usual one.</summary>
    public string? Seccomp { get; private init; }

    /// <summary>The AppArmor profile by name; null for none.</summary>
    public string? AppArmor { get; private init; }

    /// <summary>What was said of SELinux's labels, other than that there be none: <c>type:spc_t</c>,
    /// <c>nested</c>.</summary>
    public IReadOnlyList<string> Labels { get; private init; } = [];

    /// <summary>Further paths to hide.</summary>
    public IReadOnlyList<string> Mask { get; private init; } = [];

    /// <summary>Paths not to hide and to leave writable, each a pattern as Go's filepath.Match has it; <c>ALL</c> for
    /// all.</summary>
    public IReadOnlyList<string> Unmask { get; private init; } = [];

    /// <summary>Whether a path that is hidden or read-only unasked is left as it is.</summary>
    public bool IsUnmasked(string path) => Unmask.Any(p => p == AllPaths || Matches(p, path));

    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">One of them is nothing that is there.</exception>
    public static SecuritySetting Parse(IEnumerable<string> values)
    {
        SecuritySetting all = new();
        foreach (string value in values)
        {
            (string name, string word) = Split(value);
            all = (name, word) switch
            {
                ("no-new-privileges", "" or "true") => all with { NewPrivileges = false },
                ("no-new-privileges", "false") => all with { NewPrivileges = true },
                ("seccomp", "unconfined") => all with { Unconfined = true, Seccomp = null },
                ("seccomp", ['/', ..]) => all with { Unconfined = false, Seccomp = VolumeSetting.Absolute(word) },
                ("seccomp", _) => throw new FormatException(
                    $"'{word}' is neither unconfined nor the absolute path of a profile"
                ),
                ("mask", _) => all with { Mask = [.. all.Mask, .. Paths(word)] },
                ("systempaths", "unconfined") => all with { Unmask = [.. all.Unmask, .. Patterns(AllPaths)] },
                ("unmask", _) => all with { Unmask = [.. all.Unmask, .. Patterns(word)] },
                ("apparmor", "unconfined") => all with { AppArmor = null },
                ("apparmor", _) => all with
                {
                    AppArmor = IsWord(word)
                        ? word
                        : throw new FormatException($"'{word}' is no name of an AppArmor profile"),
                },
                ("label", "disable") => all,
                ("label", _) => all with { Labels = [.. all.Labels, Label(word)] },
                _ => throw new FormatException(
                    $"'{value}' is no option; there are no-new-privileges, seccomp=, apparmor=, label=, mask=PATH, unmask=PATH"
                ),
            };
        }

        return all;
    }

    /// <summary>What it says of: a later word for the same thing counts.</summary>
    public static string Key(string value) =>
        Split(value) switch
        {
            ("mask" or "unmask", _) => value,
            ("label", var word) => $"label={word.Split(':', 2)[0]}",
            var (name, _) => name,
        };

    private static (string Name, string Word) Split(string value) =>
        value.IndexOfAny(['=', ':']) is >= 0 and var at ? (value[..at], value[(at + 1)..]) : (value, "");

    private static string Label(string word) =>
        word == "nested"
        || (
            word.Split(':', 2) is [var part, var text]
            && s_labels.Contains(part, StringComparer.Ordinal)
            && IsWord(text)
        )
            ? word
            : throw new FormatException(
                $"'{word}' is nothing that is said of a label; there are disable, nested, {string.Join(", ", s_labels.Select(l => l + ":..."))}"
            );

    private static bool IsWord(string text) =>
        text.Length is > 0 and <= 4096 && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));

    private static IEnumerable<string> Patterns(string words)
    {
        foreach (string word in words.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string path = word.Equals(AllPaths, StringComparison.OrdinalIgnoreCase)
                ? AllPaths
                : VolumeSetting.Absolute(word);
            Check(path);
            yield return path;
        }
    }

    private static void Check(ReadOnlySpan<char> pattern)
    {
        while (!pattern.IsEmpty)
        {
            pattern = pattern[Length(pattern)..];
        }
    }

    /// <summary>As Go's filepath.Match: a star and a question mark stand for what is no slash, brackets for one of some
    /// characters, a backslash for the next one as it is.</summary>
    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> path)
    {
        while (!pattern.IsEmpty)
        {
            if (pattern[0] == '*')
            {
                for (int i = 0; i <= path.Length && (i == 0 || path[i - 1] != '/'); i++)
                {
                    if (Matches(pattern[1..], path[i..]))
                    {
                        return true;
                    }
                }

                return false;
            }

            int length = Length(pattern);
            if (path.IsEmpty || !IsOneOf(path[0], pattern[..length]))
            {
                return false;
            }

            pattern = pattern[length..];
            path = path[1..];
        }

        return path.IsEmpty;
    }

    /// <summary>How much of a pattern stands for its first character.</summary>
    private static int Length(ReadOnlySpan<char> pattern)
    {
        int end =
            pattern[0] == '\\' ? 1
            : pattern[0] != '[' ? 0
            : pattern.Length < 3 ? -1
            : pattern[2..].IndexOf(']') is >= 0 and var at ? at + 2
            : -1;
        return end >= 0 && end < pattern.Length
            ? end + 1
            : throw new FormatException("it is no pattern: a bracket or a backslash has nothing behind it");
    }

    private static bool IsOneOf(char c, ReadOnlySpan<char> one)
    {
        if (one[0] != '[')
        {
            return one[0] == '?' ? c != '/' : c == one[^1];
        }

        ReadOnlySpan<char> inner = one[1..^1];
        bool isNot = inner[0] == '^';
        inner = isNot ? inner[1..] : inner;
        bool found = false;
        while (!inner.IsEmpty)
        {
            bool isRange = inner.Length >= 3 && inner[1] == '-';
            found |= isRange ? c >= inner[0] && c <= inner[2] : c == inner[0];
            inner = inner[(isRange ? 3 : 1)..];
        }

        return found != isNot && c != '/';
    }

    private static IEnumerable<string> Paths(string words) =>
        words.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(VolumeSetting.Absolute);
}
