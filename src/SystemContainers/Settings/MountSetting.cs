// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>A value of <c>--mount</c> (podman-run(1)): <c>type=bind,src=/a,dst=/b,ro</c>.</summary>
/// <param name="Destination">Absolute in the container.</param>
sealed record MountSetting(string Destination)
{
    /// <summary>The root of the image, where no part of it is asked for.</summary>
    private const string Whole = "/";

    private const string ReadOnlyImage =
        "an image's files are the store's, which other containers have too, so they can only be read; leave it out, and lay what is to be written on a volume";

    /// <summary>What podman has besides, and what to do instead.</summary>
    private static readonly Dictionary<string, string> s_refused = new(StringComparer.Ordinal)
    {
        ["artifact"] =
            "sysctr fetches images alone; put the files into a directory of the host, and mount that by type=bind",
        ["glob"] = "files by a pattern can't be mounted; mount each, or their directory, by type=bind",
        ["ramfs"] = "memory is mounted by type=tmpfs, which has a limit",
        ["devpts"] = "each container has a /dev/pts of its own, and no other",
    };

    /// <summary>Words that are an option of the mount as they stand.</summary>
    private static readonly string[] s_options =
    [
        "Z",
        "dev",
        "exec",
        "nodev",
        "noexec",
        "nosuid",
        "private",
        "rprivate",
        "rshared",
        "rslave",
        "runbindable",
        "shared",
        "slave",
        "suid",
        "unbindable",
        "z",
    ];

    /// <summary>For types bind and volume; else null.</summary>
    public VolumeSetting? Volume { get; private init; }

    /// <summary>For type tmpfs; else null.</summary>
    public TmpfsSetting? Tmpfs { get; private init; }

    /// <summary>For type image the image, as it was named; else null.</summary>
    public string? Image { get; private init; }

    /// <summary>What of the image is mounted: a path in it, absolute.</summary>
    public string Subpath { get; private init; } = Whole;

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static MountSetting Parse(string text)
    {
        (string type, string? source, string? destination) = ("volume", null, null);
        List<string> options = [];
        List<string> tmpfs = [];
        string? ofTmpfs = null;
        IReadOnlyList<string> words = CommaWords.Split(text);
        string? other = words.LastOrDefault(w => w.StartsWith("type=", StringComparison.Ordinal))?["type=".Length..];
        if (other is not null && s_refused.TryGetValue(other, out string? why))
        {
            throw new FormatException($"type={other}: {why}");
        }

        if (other == "image")
        {
            return ParseImage(words);
        }

        foreach (string part in words)
        {
            (string key, string? value) = Pair(part);
            switch (key)
            {
                case "type":
                    type = value ?? "";
                    break;
                case "src" or "source":
                    source = value;
                    break;
                case "dst" or "dest" or "destination" or "target":
                    destination = value;
                    break;
                case "ro" or "readonly":
                    options.Add(
                        value is null or "true" ? "ro"
                        : value == "false" ? "rw"
                        : throw Wrong(part)
                    );
                    break;
                case "rw":
                    options.Add(
                        value is null or "true" ? "rw"
                        : value == "false" ? "ro"
                        : throw Wrong(part)
                    );
                    break;
                case "U" or "chown" when value is null or "true" or "false":
                    options.AddRange(value == "false" ? [] : ["U"]);
                    break;
                case "consistency":
                    // Of other systems; podman and docker pass over it, too.
                    break;
                case var _ when value is null && s_options.Contains(key, StringComparer.Ordinal):
                    options.Add(key);
                    break;
                case "bind-propagation" when value is not null:
                    options.Add(value);
                    break;
                case "bind-nonrecursive":
                    options.Add("bind");
                    break;
                case "relabel" when value is "private" or "shared":
                    options.Add(value == "private" ? "Z" : "z");
                    break;
                case "idmap" when value is null or "true" or "false":
                    options.AddRange(value == "false" ? [] : ["idmap"]);
                    break;
                case "idmap":
                    throw new FormatException(
                        $"'{part}': a map of a mount's own can't be had; idmap alone maps its owners as the container's root"
                    );
                case "tmpcopyup" or "notmpcopyup" when value is null:
                    ofTmpfs ??= part;
                    tmpfs.Add(key);
                    break;
                case "tmpfs-size" or "tmpfs-mode" when value is not null:
                    ofTmpfs ??= part;
                    tmpfs.Add($"{key["tmpfs-".Length..]}={value}");
                    break;
                default:
                    throw Wrong(part);
            }
        }

        if (ofTmpfs is not null && type != "tmpfs")
        {
            throw new FormatException($"'{ofTmpfs}' goes with type=tmpfs");
        }

        string place = VolumeSetting.Absolute(
            destination ?? throw new FormatException("it has no destination: add dst=PATH")
        );
        return type switch
        {
            // Without a source it is what stands at the same place of the host.
            "bind" when source is null or ['/', ..] => new(place)
            {
                Volume = new VolumeSetting(
                    VolumeSetting.Absolute(source ?? place),
                    place,
                    VolumeSetting.Checked(options)
                ),
            },
            "bind" => throw new FormatException("a bind mount has a source that is an absolute path: add src=PATH"),
            "volume" when source is null || !source.StartsWith('/') => new(place)
            {
                Volume = VolumeSetting.Parse(
                    $"{(source is null ? "" : source + ":")}{place}:{string.Join(',', options)}"
                ),
            },
            "volume" => throw new FormatException("a volume has a name: add type=bind for a directory of the host"),
            "tmpfs" when source is null => new(place)
            {
                Tmpfs = TmpfsSetting.Parse($"{place}:{string.Join(',', options.Concat(tmpfs))}"),
            },
            _ => throw new FormatException($"type={type} is not there; there are bind, volume, tmpfs and image"),
        };
    }

    /// <summary>As <see cref="VolumeSetting.Key"/>.</summary>
    public static string Key(string text) => VolumeSetting.KeyOf(text, t => Parse(t).Destination);

    /// <summary>The files of another image. That they can only be read may be said, and need not.</summary>
    private static MountSetting ParseImage(IReadOnlyList<string> words)
    {
        (string? source, string? destination, string subpath) = (null, null, Whole);
        foreach (string part in words)
        {
            (string key, string? value) = Pair(part);
            switch (key)
            {
                case "type":
                    break;
                case "src" or "source":
                    source = value;
                    break;
                case "dst" or "dest" or "destination" or "target":
                    destination = value;
                    break;
                case "subpath" when value is not null:
                    subpath = VolumeSetting.Absolute(value);
                    break;
                case "ro" or "readonly" when value is null or "true":
                case "rw" or "readwrite" when value is "false":
                case "consistency":
                    break;
                case "ro" or "readonly" when value is "false":
                case "rw" or "readwrite" when value is null or "true":
                    throw new FormatException($"'{part}': {ReadOnlyImage}");
                default:
                    throw new FormatException($"'{part}' is nothing that the files of an image have here");
            }
        }

        return string.IsNullOrEmpty(source)
            ? throw new FormatException("it names no image: add source=IMAGE")
            : new MountSetting(
                VolumeSetting.Absolute(
                    destination ?? throw new FormatException("it has no destination: add dst=PATH")
                ) switch
                {
                    "/" => throw new FormatException("an image's files can't be the whole root; name a path below it"),
                    var place => place,
                }
            )
            {
                Image = source,
                Subpath = subpath,
            };
    }

    private static (string Key, string? Value) Pair(string part) =>
        part.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? (part[..at], part[(at + 1)..]) : (part, null);

    private static FormatException Wrong(string part) => new($"'{part}' is nothing that a mount has here");
}
