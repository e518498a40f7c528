// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Files;
using SystemContainers.Conversion.Run;
using SystemContainers.Errors;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>Makes options of docker run of a service, and has them translated.</summary>
/// <param name="project">What services share.</param>
/// <param name="service">Its keys, with those of what it extends.</param>
sealed partial class ComposeService(ComposeProject project, string name, YamlMap service)
{
    private readonly List<GivenOption> _options = [];
    private readonly List<(string Service, string Condition)> _awaited = [];
    private readonly ConvertedFile _file = project.Containers[name];
    private IReadOnlyList<string> _command = [];
    private string _key = "";
    private GivenOption? _restart;

    /// <summary>Services that it waits for until they are more than started: <c>service_healthy</c>,
    /// <c>service_completed_successfully</c>.</summary>
    public IReadOnlyList<(string Service, string Condition)> Awaited => _awaited;

    /// <summary>What a service's container is called: as compose calls it, without a number.</summary>
    public static string ContainerName(string project, string service, YamlMap keys) =>
        RunConverter.FileNameOf(ComposeValues.Text(keys.Find("container_name")) ?? $"{project}-{service}");

    /// <summary>Translates it.</summary>
    public void Convert()
    {
        // What files of variables say counts less than what stands in the service, so it comes first.
        foreach ((YamlScalar key, YamlNode value) in service.Entries.OrderBy(e => e.Key.Text == "env_file" ? 0 : 1))
        {
            _key = key.Text;
            if (ComposeKeys.Find(_key) is { } carry)
            {
                // A key without a value says as little to compose as none.
                if (value is not YamlScalar { IsNull: true })
                {
                    carry(this, value);
                }
            }
            else if (!_key.StartsWith("x-", StringComparison.Ordinal))
            {
                Lose(value, "it is no key of a service", null);
            }
        }

        _key = "image";
        YamlNode at = service.Find(_key) ?? service.Find("build") ?? service;
        string? image = ComposeValues.Text(service.Find(_key));
        if (image is null && service.Find("build") is null)
        {
            Lose(service, "it names no image", "write image:, or Image= into the file");
        }

        if (_restart is not null)
        {
            // As docker compose has it: of the two that say it, deploy counts.
            _options.RemoveAll(o => o.Name == _restart.Name);
            _options.Add(_restart);
        }

        Networks();
        RunContext context = new() { Directory = project.Root.Source.Directory };

        // Compose calls what it builds so.
        new RunConverter(project.Files, _file, context).Convert(
            image is not null ? DockerImage.Qualified(image) : $"localhost/{project.Name}-{name}",
            _options,
            _command,
            Place(at)
        );
    }

    /// <summary>Adds an option of docker run.</summary>
    public void Add(string option, string value, YamlNode at) =>
        _options.Add(new GivenOption(option, value, Place(at)));

    /// <summary>Tells what has no counterpart.</summary>
    public void Lose(YamlNode at, string why, string? advice) => _file.Lose(Place(at), why, advice);

    /// <summary>A text, or a list of some; anything else is told.</summary>
    public IReadOnlyList<(string Text, YamlNode At)> Texts(YamlNode node)
    {
        if (ComposeValues.Texts(node) is { } texts)
        {
            return texts;
        }

        Lose(node, "it is no string and no array of strings", null);
        return [];
    }

    /// <summary>A list; anything else is told.</summary>
    public IReadOnlyList<YamlNode> Items(YamlNode node)
    {
        if (node is not (YamlList or YamlScalar { IsNull: true }))
        {
            Lose(node, "it is no array", null);
        }

        return (node as YamlList)?.Items ?? [];
    }

    /// <summary>The entries of a mapping but for those that are nobody's (<c>x-</c>); anything else is told.</summary>
    public IEnumerable<(string Key, YamlNode Value)> Entries(YamlNode node)
    {
        if (node is not (YamlMap or YamlScalar { IsNull: true }))
        {
            Lose(node, "it is no mapping", null);
        }

        return ((node as YamlMap)?.Entries ?? [])
            .Where(e => !e.Key.Text.StartsWith("x-", StringComparison.Ordinal))
            .Select(e => (e.Key.Text, e.Value));
    }

    /// <summary>A mapping of texts, or a list of NAME=VALUE; anything else is told.</summary>
    public IEnumerable<(string Name, string? Value, YamlNode At)> Pairs(YamlNode node)
    {
        if (
            node is not (YamlMap or YamlScalar { IsNull: true })
            && (node is not YamlList list || list.Items.Any(i => i is not YamlScalar))
        )
        {
            Lose(node, "it is neither a mapping nor an array of strings", null);
        }

        return ComposeValues.Pairs(node);
    }

    private string Place(YamlNode at) => $"{at.Place}: {name}.{_key}";

    private string Absolute(string path, YamlNode at) =>
        path.Contains('\0', StringComparison.Ordinal)
            ? path
            : Path.GetFullPath(
                path is "~" or ['~', '/', ..] ? Path.Join(project.Environment("HOME") ?? "/root", path[1..]) : path,
                at.Source.Directory
            );

    /// <summary>A command as a list, or as a text with a shell's quotes; null where it can't be split.</summary>
    private IReadOnlyList<string>? Words(YamlNode node)
    {
        if (node is not YamlScalar scalar)
        {
            return [.. Texts(node).Select(t => t.Text)];
        }

        try
        {
            return ShellWords.Literal(scalar.Text);
        }
        catch (SysctrException e)
        {
            Lose(node, e.Message["reading a command: ".Length..], e.Hint);
            return null;
        }
    }

    /// <summary>The networks of the service: those that it names, or the project's own.</summary>
    private void Networks()
    {
        if (service.Find("network_mode") is not null)
        {
            return;
        }

        _key = "networks";
        YamlNode? named = service.Find(_key);
        if (named is null or YamlScalar { IsNull: true } or YamlList { Items.Count: 0 } or YamlMap { Entries.Count: 0 })
        {
            Add("network", project.Network(ComposeProject.DefaultNetwork, Place(service)), service);
        }

        foreach (
            (string network, YamlNode at) in named is YamlMap map ? map.Entries.Select(e => (e.Key.Text, e.Value))
            : named is null ? []
            : Texts(named).Select(t => (t.Text, t.At))
        )
        {
            List<string> options = [];
            foreach ((YamlScalar key, YamlNode value) in (at as YamlMap)?.Entries ?? [])
            {
                NetworkKey(key.Text, value, options);
            }

            Add(
                "network",
                project.Network(network, Place(at)) + (options.Count > 0 ? ":" + string.Join(',', options) : ""),
                at
            );
        }

        Add("network-alias", name, named ?? service);
    }

    private void NetworkKey(string key, YamlNode value, List<string> options)
    {
        string? option = key switch
        {
            "aliases" => "alias",
            "ipv4_address" => "ip",
            "ipv6_address" => "ip6",
            "mac_address" => "mac",
            "interface_name" => "interface_name",
            _ => null,
        };
        if (option is not null)
        {
            options.AddRange(Texts(value).Select(t => $"{option}={t.Text}"));
        }
        else if (!key.StartsWith("x-", StringComparison.Ordinal))
        {
            Lose(value, $"{key} is no option of a network here", null);
        }
    }
}
