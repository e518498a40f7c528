// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Files;
using SystemContainers.Quadlet;
using SystemContainers.Settings;

namespace SystemContainers.Conversion.Run;

/// <summary>Volumes and networks, which may have files of their own.</summary>
sealed partial class RunConverter
{
    /// <summary>Written by who has a Mac; they mean nothing on Linux.</summary>
    private static readonly string[] s_ofMac = ["cached", "consistent", "delegated", "default"];

    /// <summary>A directory or a file of the host, a volume by name, or one of the container alone.</summary>
    public void Volume(GivenOption option)
    {
        string[] parts = option.Value.Split(':');
        if (parts is [_] or [['/', ..], not ['/', ..]])
        {
            file.Key("Volume", option.Value, option.Place);
            return;
        }

        List<string> options = [];
        foreach (
            string word in string.Join(',', parts.Skip(2))
                .Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Except(s_ofMac, StringComparer.Ordinal)
        )
        {
            if (word is "nocopy")
            {
                file.Lose(option.Place, "the option nocopy: a volume begins with what the image has there", null);
            }
            else
            {
                options.Add(word);
            }
        }

        file.Key(
            "Volume",
            $"{Source(parts[0], option)}:{parts[1]}{(options.Count > 0 ? ":" + string.Join(',', options) : "")}",
            option.Place
        );
    }

    /// <summary>type=TYPE,...: with the words that podman and docker share.</summary>
    public void Mount(GivenOption option)
    {
        List<string> words = [];
        IReadOnlyList<string> given;
        try
        {
            given = CommaWords.Split(option.Value);
        }
        catch (FormatException e)
        {
            file.Lose(option.Place, $"--mount {option.Value}: {e.Message}", null);
            return;
        }

        string type = given.LastOrDefault(w => w.StartsWith("type=", StringComparison.Ordinal))?[5..] ?? "volume";
        foreach (string word in given)
        {
            string[] pair = word.Split('=', 2);
            switch (pair[0])
            {
                case "source" or "src" when pair.Length == 2 && type is "bind" or "volume":
                    words.Add($"source={(type == "bind" ? HostPath(pair[1], option) : Source(pair[1], option))}");
                    break;
                case "image-subpath" when pair.Length == 2 && type == "image":
                    words.Add("subpath=/" + pair[1].TrimStart('/'));
                    break;
                case "consistency":
                    break;
                case "volume-nocopy"
                or "volume-opt"
                or "volume-driver"
                or "volume-label"
                or "volume-subpath"
                or "bind-recursive":
                    file.Lose(option.Place, $"'{word}' is nothing that a mount has here", null);
                    break;
                default:
                    words.Add(word);
                    break;
            }
        }

        file.Key("Mount", CommaWords.Join(words), option.Place);
    }

    /// <summary>A network by its name gets a file; so <c>apply</c> makes it.</summary>
    public void Network(GivenOption option)
    {
        (string mode, string options) = Advanced(option);
        switch (mode)
        {
            case "" or "bridge" or "default" or "private":
                if (options.Length > 0 && !files.IsUser)
                {
                    file.Key("Network", "bridge" + options, option.Place);
                }

                break;
            case "host" or "none":
                _closed =
                    mode == "host"
                        ? "with the host's network a payload's ports are the host's"
                        : "nothing leads to a container without a network";
                file.Key("Network", mode, option.Place);
                break;
            case "container" or "ns":
                _closed = "its network is another's, and there the ports are published";
                file.Key("Network", option.Value, option.Place);
                break;
            case "slirp4netns" or "pasta":
                file.Key("Network", option.Value, option.Place);
                break;
            case var named when named.EndsWith(".container", StringComparison.Ordinal):
                _closed = "its network is another's, and there the ports are published";
                file.Key("Network", named, option.Place);
                break;
            case var named when named.EndsWith(".network", StringComparison.Ordinal) && files.Find(named) is not null:
                file.Key("Network", named + options, option.Place);
                break;
            default:
                file.Key("Network", $"{NetworkFileOf(mode, option.Place)}{options}", option.Place);
                break;
        }
    }

    /// <summary>What stands before the first colon, and the rest with it; docker writes
    /// <c>name=NET,alias=A,ip=IP</c>.</summary>
    private (string Mode, string Options) Advanced(GivenOption option)
    {
        string[] halves = option.Value.Split(':', 2);
        if (halves[0].IndexOf('=', StringComparison.Ordinal) < 0)
        {
            return (halves[0], halves.Length == 2 ? ":" + halves[1] : "");
        }

        string name = "";
        List<string> options = [];
        foreach (string word in option.Value.Split(','))
        {
            string[] pair = word.Split('=', 2);
            switch (pair[0])
            {
                case "name" when pair.Length == 2:
                    name = pair[1];
                    break;
                case "alias" or "ip" or "ip6":
                    options.Add(word);
                    break;
                case "mac-address" when pair.Length == 2:
                    options.Add($"mac={pair[1]}");
                    break;
                default:
                    file.Lose(
                        option.Place,
                        $"'{word}' is no option of a network here",
                        "there are alias, ip, ip6 and mac-address"
                    );
                    break;
            }
        }

        return (name, options.Count > 0 ? ":" + string.Join(',', options) : "");
    }

    private string NetworkFileOf(string name, string place)
    {
        string stem = FileNameOf(name);
        if (files.Find(stem + ".network") is null)
        {
            ConvertedFile network = files.Add(
                stem + ".network",
                $"{stem}.network: 'sysctr apply' makes it where it is not there."
            );
            network.Line(NetworkFile.Section, "NetworkName", name, place);
        }

        return stem + ".network";
    }

    /// <summary>The source of a volume: a path, or the file of its name.</summary>
    private string Source(string source, GivenOption option)
    {
        if (source is ['/' or '.', ..])
        {
            return HostPath(source, option);
        }

        if (source.EndsWith(".volume", StringComparison.Ordinal) && files.Find(source) is not null)
        {
            return source;
        }

        string stem = FileNameOf(source);
        if (files.Find(stem + ".volume") is null)
        {
            ConvertedFile volume = files.Add(
                stem + ".volume",
                $"{stem}.volume: a directory of sysctr's, which begins with what the image has there."
            );
            volume.Line(VolumeFile.Section, "VolumeName", source, option.Place);
        }

        return stem + ".volume";
    }

    private string HostPath(string path, GivenOption option)
    {
        string absolute = Absolute(path);
        if (!Path.Exists(absolute))
        {
            file.Note(
                option.Place,
                $"this host has no {absolute}; docker would make a directory of it, and 'sysctr apply' wants it to be there"
            );
        }

        return absolute;
    }
}
