// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>A value of <c>--tmpfs</c> (podman-run(1)).</summary>
/// <param name="Destination">Absolute in the container.</param>
/// <param name="Options">As mount(8) has them.</param>
/// <param name="CopyUp">Whether it begins with what the image has there.</param>
sealed record TmpfsSetting(string Destination, IReadOnlyList<string> Options, bool CopyUp)
{
    /// <summary>What a tmpfs begins with; what is given comes after it and so counts.</summary>
    private static readonly string[] s_defaults = ["nosuid", "nodev"];

    private static readonly string[] s_flags =
    [
        "ro",
        "rw",
        "nosuid",
        "suid",
        "nodev",
        "dev",
        "noexec",
        "exec",
        "noatime",
        "relatime",
        "strictatime",
        "nodiratime",
        "sync",
        "noswap",
    ];

    private static readonly string[] s_valued = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "huge"];

    /// <summary>Reads <c>DESTINATION[:OPTIONS]</c>.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static TmpfsSetting Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        List<string> options = [.. s_defaults];
        bool copyUp = true;
        string[] given = parts.Length == 1 ? [] : parts[1].Split(',', StringSplitOptions.RemoveEmptyEntries);
        VolumeSetting.RefuseBoth(given);
        if (
            given
                .Where(o => o.Contains('=', StringComparison.Ordinal))
                .GroupBy(o => o.Split('=', 2)[0], StringComparer.Ordinal)
                .FirstOrDefault(g => g.Count() > 1)
                ?.ToArray()
            is [var one, var other, ..]
        )
        {
            throw new FormatException($"it can't be {one} and {other}; leave one of the two out");
        }

        foreach (string option in given)
        {
            string name = option.Split('=', 2)[0];
            bool isKnown =
                option == name
                    ? s_flags.Contains(name, StringComparer.Ordinal)
                    : s_valued.Contains(name, StringComparer.Ordinal);
            if (option is "tmpcopyup" or "notmpcopyup")
            {
                copyUp = option == "tmpcopyup";
                continue;
            }

            options.RemoveAll(o => "no" + o == option || o == "no" + option || o.Split('=', 2)[0] == name);
            options.Add(
                isKnown
                    ? option
                    : throw new FormatException(
                        $"'{option}' is no option of a tmpfs; there are {string.Join(", ", s_flags.Concat(s_valued.Select(v => v + "=")))}"
                    )
            );
        }

        return new TmpfsSetting(VolumeSetting.Absolute(parts[0]), options, copyUp);
    }

    /// <summary>As <see cref="VolumeSetting.Key"/>.</summary>
    public static string Key(string text) => VolumeSetting.KeyOf(text, t => Parse(t).Destination);
}
