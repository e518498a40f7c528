// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>What values of <c>--security-opt</c> say together (podman-run(1)).</summary>
sealed record SecuritySetting
{
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

    /// <summary>Paths not to hide and to leave writable; <c>ALL</c> for all.</summary>
    public IReadOnlyList<string> Unmask { get; private init; } = [];

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
                ("unmask", "ALL") => all with { Unmask = ["ALL"] },
                ("unmask", _) => all with { Unmask = [.. all.Unmask, .. Paths(word)] },
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

    private static IEnumerable<string> Paths(string words) =>
        words.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(VolumeSetting.Absolute);
}
