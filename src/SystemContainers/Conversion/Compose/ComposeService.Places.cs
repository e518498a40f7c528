// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Settings;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>Ports, volumes, devices, and files that are handed in.</summary>
sealed partial class ComposeService
{
    private static readonly string[] s_device = ["source", "target", "permissions"];
    private static readonly string[] s_owner = ["uid", "gid", "mode"];

    /// <summary>Paths of the host, relative to the file that names them.</summary>
    public void Paths(YamlNode node, string option)
    {
        foreach ((string path, YamlNode at) in Texts(node))
        {
            Add(option, Absolute(path, at), at);
        }
    }

    /// <summary>A device, in a word or in several.</summary>
    public void Devices(YamlNode node)
    {
        foreach (YamlNode item in Items(node))
        {
            Add(
                "device",
                item is YamlMap map
                    ? string.Join(':', s_device.Select(k => ComposeValues.Text(map.Find(k))).OfType<string>())
                    : ComposeValues.Text(item) ?? "",
                item
            );
        }
    }

    /// <summary>A port, in a word or in several.</summary>
    public void Ports(YamlNode node)
    {
        foreach (YamlNode item in Items(node))
        {
            if (item is not YamlMap map)
            {
                Add("publish", ComposeValues.Text(item) ?? "", item);
                continue;
            }

            (string target, string published, string address, string protocol) = ("", "", "", "");
            foreach ((string key, YamlNode value) in Entries(map))
            {
                string text = ComposeValues.Text(value) ?? "";
                switch (key)
                {
                    case "target":
                        target = text;
                        break;
                    case "published":
                        published = text;
                        break;
                    case "host_ip":
                        address =
                            (text.Contains(':', StringComparison.Ordinal) && !text.StartsWith('[') ? $"[{text}]" : text)
                            + ":";
                        break;
                    case "protocol":
                        protocol = "/" + text;
                        break;
                    case "mode" or "name" or "app_protocol":
                        break;
                    default:
                        Lose(value, $"{key} is nothing that a port has", null);
                        break;
                }
            }

            Add(
                "publish",
                $"{address}{published}{(published.Length + address.Length > 0 ? ":" : "")}{target}{protocol}",
                item
            );
        }
    }

    /// <summary>Directories, volumes and memory, in a word or in several.</summary>
    public void Volumes(YamlNode node)
    {
        foreach (YamlNode item in Items(node))
        {
            if (item is YamlMap map)
            {
                Volume(map);
            }
            else
            {
                string[] parts = (ComposeValues.Text(item) ?? "").Split(':');
                Add(
                    "volume",
                    parts.Length == 1 ? parts[0] : $"{Source(parts[0], item)}:{string.Join(':', parts.Skip(1))}",
                    item
                );
            }
        }
    }

    private string Source(string source, YamlNode at) =>
        source is ['/' or '.' or '~', ..] ? Absolute(source, at) : project.Volume(source, Place(at));

    private void Volume(YamlMap map)
    {
        string type = ComposeValues.Text(map.Find("type")) ?? "volume";
        string? source = ComposeValues.Text(map.Find("source"));
        string target = ComposeValues.Text(map.Find("target")) ?? "";
        List<string> options = [];
        foreach ((string key, YamlNode value) in Entries(map))
        {
            switch (key)
            {
                case "type" or "source" or "target" or "consistency":
                    break;
                case "read_only":
                    options.AddRange(ComposeValues.IsYes(value) ? ["ro"] : []);
                    break;
                case "bind" or "volume" or "tmpfs" or "image":
                    foreach ((string option, YamlNode said) in Entries(value))
                    {
                        Option(key, option, said, options);
                    }

                    break;
                default:
                    Lose(value, $"{key} is nothing that a volume has", null);
                    break;
            }
        }

        string suffix = options.Count > 0 ? ":" + string.Join(',', options) : "";
        switch (type)
        {
            case "tmpfs":
                Add("tmpfs", target + suffix, map);
                break;
            case "bind" when source is not null:
                Add("volume", $"{Absolute(source, map)}:{target}{suffix}", map);
                break;
            case "volume" when source is not null:
                Add("volume", $"{project.Volume(source, Place(map))}:{target}{suffix}", map);
                break;
            case "volume":
                Add("volume", target + suffix, map);
                break;
            case "image" when source is not null:
                Add("mount", CommaWords.Join(["type=image", $"source={source}", $"target={target}", .. options]), map);
                break;
            default:
                Lose(map, $"type: {type} can't be mounted", "there are bind, volume, tmpfs and image");
                break;
        }
    }

    private void Option(string kind, string key, YamlNode value, List<string> options)
    {
        string text = ComposeValues.Text(value) ?? "";
        switch ((kind, key))
        {
            case ("bind", "propagation"):
                options.Add(text);
                break;
            case ("bind", "selinux"):
                options.Add(text);
                break;
            case ("bind", "create_host_path"):
                break;
            case ("tmpfs", "size" or "mode" or "uid" or "gid"):
                options.Add($"{key}={text}");
                break;
            case ("image", "subpath"):
                options.Add("subpath=/" + text.TrimStart('/'));
                break;
            case ("volume", "nocopy") when !ComposeValues.IsYes(value):
                break;
            default:
                Lose(
                    value,
                    $"{kind}.{key} is nothing that a volume has here",
                    key == "nocopy" ? "a volume begins with what the image has there" : null
                );
                break;
        }
    }

    /// <summary>Secrets and configurations that are files are mounted, as compose does.</summary>
    /// <param name="node">Those that the service is given.</param>
    /// <param name="section">Where they are declared.</param>
    public void Granted(YamlNode node, string section)
    {
        foreach (YamlNode item in Items(node))
        {
            YamlMap? said = item as YamlMap;
            string source = ComposeValues.Text(said is null ? item : said.Find("source")) ?? "";
            string? target = ComposeValues.Text(said?.Find("target"));
            YamlMap? declared = project.Declared(section, source);
            if (ComposeValues.IsYes(declared?.Find("external")) && section == "secrets")
            {
                string called = ComposeValues.Text(declared!.Find("name")) ?? source;
                string[] more =
                [
                    .. s_owner
                        .Select(k => (k, ComposeValues.Text(said?.Find(k))))
                        .Where(p => p.Item2 is not null)
                        .Select(p => $",{p.k}={p.Item2}"),
                ];
                Add("secret", $"{called},target={target ?? source}{string.Concat(more)}", item);
                _file.Note(Place(item), $"the secret is the file /etc/sysctr/secrets.d/{called} of the host");
            }
            else if (ComposeValues.Text(declared?.Find("file")) is { } file)
            {
                string inside = target ?? source;
                string place = inside.StartsWith('/')
                    ? inside
                    : (section == "secrets" ? "/run/secrets/" : "/") + inside;
                Add("volume", $"{Absolute(file, declared!)}:{place}:ro", item);
                if (s_owner.Where(k => said?.Find(k) is not null).ToArray() is { Length: > 0 } owner)
                {
                    _file.Note(
                        Place(item),
                        $"{string.Join(", ", owner)}: a file that is mounted keeps its owner and mode, as with compose"
                    );
                }
            }
            else
            {
                Lose(
                    item,
                    declared is null
                        ? $"the file declares none of {section} called '{source}'"
                        : $"it is no file, so that it is there while compose runs alone",
                    section == "secrets"
                        ? "keep it as /etc/sysctr/secrets.d/NAME, and write Secret=NAME"
                        : "keep it as a file, and write Volume=FILE:PLACE:ro"
                );
            }
        }
    }
}
