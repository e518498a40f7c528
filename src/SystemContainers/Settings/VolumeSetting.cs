// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>A value of <c>--volume</c>, or of <c>--mount</c> with type bind or volume (podman-run(1)).</summary>
/// <param name="Source">An absolute path of the host; the name of a volume; null for one of the container
/// alone.</param>
/// <param name="Destination">Absolute in the container.</param>
/// <param name="Options">As the runtime has them: <c>rw</c> or <c>ro</c>, <c>bind</c> or <c>rbind</c>, <c>nosuid</c>,
/// propagation ...</param>
sealed record VolumeSetting(string? Source, string Destination, IReadOnlyList<string> Options)
{
    private const int MaxName = 128;

    private const string Mapped = "idmap";

    private const string Owned = "U";

    private static readonly string[] s_options =
    [
        "ro",
        "rw",
        "bind",
        "rbind",
        "nosuid",
        "suid",
        "nodev",
        "dev",
        "noexec",
        "exec",
        "private",
        "rprivate",
        "shared",
        "rshared",
        "slave",
        "rslave",
        "unbindable",
        "runbindable",
        Mapped,
        Owned,
    ];

    /// <summary>Words of which a mount has one at most, and that once.</summary>
    private static readonly string[][] s_alternatives =
    [
        ["ro", "rw"],
        ["bind", "rbind"],
        ["nosuid", "suid"],
        ["nodev", "dev"],
        ["noexec", "exec"],
        ["private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"],
        ["tmpcopyup", "notmpcopyup"],
        ["z", "Z"],
        [Mapped],
        [Owned],
    ];

    /// <summary>Taken for the habit: without an SELinux label of its own a container reads what any service does, and a
    /// volume begins with what the image has.</summary>
    private static readonly string[] s_withoutEffect = ["z", "Z", "copy"];

    /// <summary>Whether owners of files are the container's users, as in its root, where it has a user namespace.
    /// Volumes of sysctr's always are so.</summary>
    public bool IsMapped => !IsHostPath || Options.Contains(Mapped, StringComparer.Ordinal);

    /// <summary>Whether all that is in it becomes the payload's user's.</summary>
    public bool IsOwned => Options.Contains(Owned, StringComparer.Ordinal);

    /// <summary>Whether <see cref="Source"/> is a directory or file of the host.</summary>
    public bool IsHostPath => Source is ['/', ..];

    /// <summary>Whether it is a device's node, or has such: mounted so that they are none it would be of no
    /// use.</summary>
    private bool IsDevices => Source is "/dev" or ['/', 'd', 'e', 'v', '/', ..];

    /// <summary>The options of the mount: what is not said is <c>rbind</c>, <c>rw</c>, <c>rprivate</c>, and no setuid
    /// programs or devices.</summary>
    public IReadOnlyList<string> MountOptions =>
        [
            .. Options.Where(o => o is not ("suid" or "dev" or "exec" or Mapped or Owned)),
            .. Unless("rbind", "bind"),
            .. Unless("rw", "ro"),
            .. Unless("nosuid", "suid"),
            .. IsDevices ? [] : Unless("nodev", "dev"),
            .. Unless("rprivate", "private", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"),
        ];

    private IEnumerable<string> Unless(string option, params ReadOnlySpan<string> others) =>
        Options.Contains(option, StringComparer.Ordinal) || Has(others) ? [] : [option];

    private bool Has(ReadOnlySpan<string> any)
    {
        foreach (string option in any)
        {
            if (Options.Contains(option, StringComparer.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads <c>[[SOURCE:]DESTINATION[:OPTIONS]]</c>.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static VolumeSetting Parse(string text)
    {
        string[] parts = text.Split(':');
        return parts switch
        {
            [var destination] => new(null, Absolute(destination), Checked([])),
            [var source, var destination] when destination.StartsWith('/') => new(
                CheckedSource(source),
                Absolute(destination),
                Checked([])
            ),
            [var destination, var options] when destination.StartsWith('/') => new(
                null,
                Absolute(destination),
                Checked(options.Split(','))
            ),
            [var source, var destination, var options] => new(
                CheckedSource(source),
                Absolute(destination),
                Checked(options.Split(','))
            ),
            _ => throw new FormatException("it is not SOURCE:DESTINATION[:OPTIONS]"),
        };
    }

    /// <summary>What two mounts have in common of which the later one counts.</summary>
    public static string Key(string text) => KeyOf(text, t => Parse(t).Destination);

    /// <summary>The same for what has a destination in other words; of what is not right it is the text, and
    /// <see cref="SettingOption.Check"/> says why.</summary>
    internal static string KeyOf(string text, Func<string, string> destination)
    {
        try
        {
            return destination(text);
        }
        catch (FormatException)
        {
            return text;
        }
    }

    /// <summary>An absolute path without what leads upwards, and without a slash at its end.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string Absolute(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return !path.StartsWith('/') ? throw new FormatException($"'{path}' is no absolute path")
            : parts.Contains("..", StringComparer.Ordinal) ? throw new FormatException($"'{path}' has '..' in it")
            : path.Any(char.IsControl) ? throw new FormatException("a path has a control character")
            : "/" + string.Join('/', parts.Where(p => p != "."));
    }

    /// <summary>Checks the options that a mount of the host's may have.</summary>
    /// <exception cref="FormatException">One of them is none, or can't be had here.</exception>
    public static IReadOnlyList<string> Checked(IReadOnlyList<string> options)
    {
        // consistency= is of other systems; podman and docker pass over it, too.
        string[] given = [.. options.Where(o => o.Length > 0 && o.Split('=')[0] != "consistency")];
        foreach (string option in given)
        {
            if (
                option is "O"
                || option.StartsWith("upperdir=", StringComparison.Ordinal)
                || option.StartsWith("workdir=", StringComparison.Ordinal)
            )
            {
                throw new FormatException(
                    $"the option {option} is not there: overlays of the host's directories are none of sysctr's"
                );
            }

            if (
                !s_options.Contains(option, StringComparer.Ordinal)
                && !s_withoutEffect.Contains(option, StringComparer.Ordinal)
            )
            {
                throw new FormatException(
                    $"'{option}' is no option of a volume; there are {string.Join(", ", s_options.Concat(s_withoutEffect))}"
                );
            }
        }

        RefuseBoth(given);
        return [.. given.Except(s_withoutEffect, StringComparer.Ordinal)];
    }

    /// <summary>Refuses what says two things of a mount, as podman does: nobody knows which was meant.</summary>
    /// <param name="options">In the order in which they were given.</param>
    /// <exception cref="FormatException">Names two of them.</exception>
    internal static void RefuseBoth(IReadOnlyList<string> options)
    {
        foreach (string[] alternatives in s_alternatives)
        {
            if (
                options.Where(o => alternatives.Contains(o, StringComparer.Ordinal)).ToArray()
                is [var one, var other, ..]
            )
            {
                throw new FormatException(
                    one == other ? $"{one} is there twice" : $"it can't be {one} and {other}; leave one of the two out"
                );
            }
        }
    }

    private static string CheckedSource(string source) =>
        source.StartsWith('/') ? Absolute(source)
        : source.Length is > 0 and <= MaxName
        && char.IsAsciiLetterOrDigit(source[0])
        && source.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            ? source
        : throw new FormatException($"'{source}' is neither an absolute path nor the name of a volume");
}
