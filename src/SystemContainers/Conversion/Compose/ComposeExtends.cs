// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Yaml;
using SystemContainers.Errors;

namespace SystemContainers.Conversion.Compose;

/// <summary>Puts a service together with the one that it extends: mappings entry by entry, lists one behind the other, other values the nearer one.</summary>
/// <param name="files">Reads further files.</param>
sealed class ComposeExtends(ComposeFile files)
{
    private const int MaxDepth = 16;
    private const string Key = "extends";

    /// <summary>Lists that say one thing as a whole.</summary>
    private static readonly string[] s_whole = ["command", "entrypoint", "test"];

    /// <summary>Lists of NAME=VALUE, or mappings that say the same.</summary>
    private static readonly string[] s_pairs = ["environment", "labels", "annotations", "sysctls", "extra_hosts", "depends_on", "networks"];

    /// <summary>A service with all that it extends.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="service">As its file has it.</param>
    /// <param name="root">The file that it stands in.</param>
    /// <exception cref="SysctrException">What it extends is not there, or it extends itself.</exception>
    public YamlMap Resolve(string name, YamlMap service, YamlMap root) => Resolve(name, service, root, 0);

    private YamlMap Resolve(string name, YamlMap service, YamlMap root, int depth)
    {
        YamlNode? extends = service.Find(Key);
        if (extends is null)
        {
            return service;
        }

        string? file = (extends as YamlMap)?.Find("file") is YamlScalar other ? other.Text : null;
        string wanted = extends is YamlScalar plain ? plain.Text : ((extends as YamlMap)?.Find("service") as YamlScalar)?.Text ?? "";
        if (depth > MaxDepth)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {extends.Place}: {name} extends itself, or too many");
        }

        YamlMap from = file is null ? root : file.Contains('\0', StringComparison.Ordinal) ? throw new SysctrException(ErrorKind.Usage, $"reading {extends.Place}: it is no name of a file") : files.Read(new YamlSource(Path.GetFullPath(file, extends.Source.Directory), file));
        if ((from.Find("services") as YamlMap)?.Find(wanted) is not YamlMap found)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading {extends.Place}: {name} extends the service '{wanted}', and {from.Source.Shown} has none", "write extends: {file: FILE, service: NAME}");
        }

        YamlMap near = new(service.Source, service.Line, [.. service.Entries.Where(e => e.Key.Text != Key)]);
        return Merged(Resolve(wanted, found, from, depth + 1), near);
    }

    private static YamlMap Merged(YamlMap far, YamlMap near)
    {
        List<(YamlScalar Key, YamlNode Value)> entries = [.. far.Entries];
        foreach ((YamlScalar key, YamlNode value) in near.Entries)
        {
            int at = entries.FindIndex(e => e.Key.Text == key.Text);
            if (at < 0)
            {
                entries.Add((key, value));
            }
            else
            {
                entries[at] = (key, Merged(key.Text, entries[at].Value, value));
            }
        }

        return new YamlMap(near.Source, near.Line, entries);
    }

    private static YamlNode Merged(string key, YamlNode far, YamlNode near)
    {
        if (s_pairs.Contains(key, StringComparer.Ordinal) && far is YamlMap or YamlList && near is YamlMap or YamlList)
        {
            (far, near) = (AsMap(far), AsMap(near));
        }

        return (far, near) switch
        {
            (YamlMap one, YamlMap other) => Merged(one, other),
            (YamlList one, YamlList other) when !s_whole.Contains(key, StringComparer.Ordinal) => new YamlList(other.Source, other.Line, [.. one.Items, .. other.Items]),
            _ => near,
        };
    }

    private static YamlNode AsMap(YamlNode node) => node is not YamlList list || list.Items.Any(i => i is not YamlScalar) ? node :
        new YamlMap(list.Source, list.Line, [.. list.Items.Cast<YamlScalar>().Select(Pair).GroupBy(p => p.Key.Text, StringComparer.Ordinal).Select(g => g.Last())]);

    private static (YamlScalar Key, YamlNode Value) Pair(YamlScalar item)
    {
        string[] halves = item.Text.Split('=', 2);
        return (item with { Text = halves[0] }, halves.Length == 2 ? item with { Text = halves[1], IsPlain = false } : item with { Text = "", IsPlain = true });
    }
}
