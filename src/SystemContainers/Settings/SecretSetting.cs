// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Settings;

/// <summary>A value of <c>--secret</c> (podman-run(1)).</summary>
/// <param name="Name">The secret's, a file's name.</param>
/// <param name="Variable">The variable of the payload's environment that gets it; null where it is a file.</param>
/// <param name="File">The file that has it, absolute in the container; null where it is a variable.</param>
/// <param name="Uid">The file's owner.</param>
/// <param name="Gid">The file's group.</param>
/// <param name="Mode">The file's permission bits.</param>
sealed record SecretSetting(string Name, string? Variable, string? File, uint Uid, uint Gid, int Mode)
{
    private const string Source = "source=";

    private const string Directory = "/run/secrets/";

    // r--r--r--, as podman has it: the directory above is not for other users of the host.
    private const int DefaultMode = 0b100_100_100;

    /// <summary>Reads <c>[source=]NAME[,type=mount|env][,target=TARGET][,uid=UID][,gid=GID][,mode=MODE]</c>.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static SecretSetting Parse(string text)
    {
        // The name comes first, alone, or behind source= anywhere.
        string[] words = text.Split(',');
        bool isFirst = words.Length == 1 || !words[0].Contains('=', StringComparison.Ordinal);
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (string word in words[(isFirst && !words[0].StartsWith(Source, StringComparison.Ordinal) ? 1 : 0)..])
        {
            string[] pair = word.Split('=', 2);
            string key = pair[0] is "UID" or "GID" ? pair[0].ToLowerInvariant() : pair[0];
            if (
                pair.Length != 2
                || key is not ("source" or "type" or "target" or "uid" or "gid" or "mode")
                || !options.TryAdd(key, pair[1])
            )
            {
                throw new FormatException(
                    $"'{word}' is none of source=, type=, target=, uid=, gid= and mode=, each once"
                );
            }
        }

        string name = options.GetValueOrDefault("source", isFirst ? words[0] : "");
        if (name.Length == 0)
        {
            throw new FormatException("it names no secret: write it first, or behind source=");
        }

        if (
            name.Length > 253
            || name.StartsWith('.')
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        )
        {
            throw new FormatException($"'{name}' is no name of a secret: letters, digits, '-', '_' and '.'");
        }

        string? target = options.GetValueOrDefault("target");
        switch (options.GetValueOrDefault("type", "mount"))
        {
            case "env":
                return options.Keys.Any(k => k is "uid" or "gid" or "mode")
                    ? throw new FormatException("a variable has no owner and no mode")
                    : new SecretSetting(name, Checked(target ?? name), null, 0, 0, DefaultMode);
            case "mount":
                string file =
                    target is null ? Directory + name
                    : target.StartsWith('/') ? VolumeSetting.Absolute(target)
                    : VolumeSetting.Absolute(Directory + target);
                return new SecretSetting(
                    name,
                    null,
                    file,
                    Id("uid"),
                    Id("gid"),
                    options.TryGetValue("mode", out string? mode) ? (int)Quantity.Octal(mode) : DefaultMode
                );
            case var other:
                throw new FormatException($"'{other}' is no type of a secret: mount or env");
        }

        uint Id(string key) =>
            !options.TryGetValue(key, out string? number) ? 0
            : uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue
                ? id
            : throw new FormatException($"{key}={number} is no number of a user or group");
    }

    /// <summary>What it makes: of two that make the same the later one counts.</summary>
    public static string Key(string text) =>
        VolumeSetting.KeyOf(text, t => Parse(t) is { Variable: { } variable } ? variable + "=" : Parse(t).File!);

    private static string Checked(string variable) =>
        variable.Length > 0 && !variable.Contains('=', StringComparison.Ordinal) && !variable.Any(char.IsControl)
            ? variable
            : throw new FormatException($"'{variable}' is no name of a variable");
}
