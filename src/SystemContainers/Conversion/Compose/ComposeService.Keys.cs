// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Conversion.Run;
using SystemContainers.Settings;
using SystemContainers.Settings.Health;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>What is done with keys that are more than an option.</summary>
sealed partial class ComposeService
{
    private const string Shell = "CMD-SHELL";

    /// <summary>The words behind the entry point.</summary>
    public void Command(YamlNode node)
    {
        _command = Words(node) ?? [];
        if (
            _command.Count == 0
            && node is not YamlScalar { IsNull: true }
            && !_file.Lost.Any(l => l.Place == Place(node))
        )
        {
            Lose(
                node,
                "an empty command takes nothing of the image's away",
                "Entrypoint= says all of it, and the image's command is left out then"
            );
        }
    }

    /// <summary>The entry point; of an empty one the image's is taken away.</summary>
    public void EntryPoint(YamlNode node)
    {
        if (node is not YamlScalar { IsNull: true } && Words(node) is { } words)
        {
            Add(
                "entrypoint",
                words.Count switch
                {
                    0 => "",
                    1 when !words[0].StartsWith('[') => words[0],
                    _ => JsonWords.Of(words),
                },
                node
            );
        }
    }

    /// <summary>Variables; one without a value has that of the call, or of <c>.env</c>.</summary>
    public void Environment(YamlNode node)
    {
        foreach ((string variable, string? value, YamlNode at) in Pairs(node))
        {
            if ((value ?? project.Environment(variable)) is { } known)
            {
                Add("env", $"{variable}={known}", at);
            }
            else
            {
                _file.Note(Place(at), $"{variable} is set nowhere, and left out");
            }
        }
    }

    /// <summary>Files of variables: as they are, where that is what compose would make of them, else what they say
    /// now.</summary>
    public void EnvironmentFiles(YamlNode node)
    {
        List<(string Path, YamlNode At, IReadOnlyList<(string Name, string? Value)> Variables, bool IsPlain)> files =
        [];
        foreach (YamlNode item in node is YamlList list ? list.Items : [node])
        {
            string? path = ComposeValues.Text(item is YamlMap map ? map.Find("path") : item);
            if (path is null || !File.Exists(path = Absolute(path, item)))
            {
                if (
                    item is YamlMap optional
                    && optional.Find("required") is { } required
                    && !ComposeValues.IsYes(required)
                )
                {
                    _file.Note(Place(item), $"there is no {path}; left out");
                }
                else
                {
                    Lose(item, $"there is no file {path}", "make it, and write EnvironmentFile= for it");
                }

                continue;
            }

            try
            {
                bool isRaw = ComposeValues.Text((item as YamlMap)?.Find("format")) == "raw";
                string text = ComposeFile.ReadText(path, path);
                IReadOnlyList<(string Name, string? Value)> raw =
                [
                    .. text.Split('\n')
                        .Select(l => l.TrimStart())
                        .Where(l => l.Length > 0 && l[0] != '#')
                        .Select(l => l.Split('=', 2))
                        .Select(p => (p[0], p.ElementAtOrDefault(1))),
                ];
                IReadOnlyList<(string Name, string? Value)> read = isRaw
                    ? raw
                    : DotEnv.Parse(text, project.Environment);
                files.Add((path, item, read, read.SequenceEqual(raw) && raw.All(v => v.Value is not null)));
            }
            catch (FormatException e)
            {
                Lose(item, $"reading {path}: {e.Message}", null);
            }
        }

        bool arePlain = files.All(f => f.IsPlain);
        foreach ((string path, YamlNode at, IReadOnlyList<(string Name, string? Value)> variables, _) in files)
        {
            if (arePlain)
            {
                Add("env-file", path, at);
                continue;
            }

            _file.Note(
                Place(at),
                $"{path} has quotes or variables, which 'sysctr apply' would take as they are: what it says now is written"
            );
            foreach ((string variable, string? value) in variables)
            {
                if ((value ?? project.Environment(variable)) is { } known)
                {
                    Add("env", $"{variable}={known}", at);
                }
            }
        }
    }

    /// <summary>NAME:ADDRESS, NAME=ADDRESS, or a mapping.</summary>
    public void ExtraHosts(YamlNode node)
    {
        if (node is not YamlMap map)
        {
            foreach ((string text, YamlNode at) in Texts(node))
            {
                Add("add-host", text, at);
            }

            return;
        }

        foreach ((YamlScalar host, YamlNode addresses) in map.Entries)
        {
            foreach ((string address, YamlNode at) in Texts(addresses))
            {
                Add("add-host", $"{host.Text}:{address}", at);
            }
        }
    }

    /// <summary>A check, or none.</summary>
    public void HealthCheck(YamlNode node)
    {
        foreach ((string key, YamlNode value) in Entries(node))
        {
            switch (key)
            {
                case "disable" when ComposeValues.IsYes(value):
                    Add("no-healthcheck", "true", value);
                    break;
                case "disable":
                    break;
                case "test" when value is YamlList list:
                    Test([.. Texts(list).Select(t => t.Text)], value);
                    break;
                case "test":
                    Test(ComposeValues.Text(value) is { Length: > 0 } line ? [Shell, line] : [], value);
                    break;
                case "interval"
                or "timeout"
                or "retries"
                or "start_period"
                or "start_interval" when ComposeValues.Text(value) is { } text:
                    Add("health-" + key.Replace('_', '-'), text, value);
                    break;
                default:
                    Lose(value, $"{key} is nothing that a check has", null);
                    break;
            }
        }
    }

    private static bool IsTaken(string text, string[] words)
    {
        try
        {
            return HealthCommand.Parse(text).SequenceEqual(words, StringComparer.Ordinal);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private void Test(string[] words, YamlNode at)
    {
        switch (words)
        {
            case ["NONE"] or []:
                Add("no-healthcheck", "true", at);
                break;
            case [Shell, .. var line]:
                // As it is, where it would not be taken for something else: for a list, or for docker's words.
                string text = string.Join(' ', line);
                Add("health-cmd", IsTaken(text, [Shell, text]) ? text : JsonWords.Of([Shell, text]), at);
                break;
            case ["CMD", .. var command]:
                string list = JsonWords.Of(command);
                Add("health-cmd", IsTaken(list, words) ? list : JsonWords.Of(words), at);
                break;
            default:
                Lose(at, "the list begins with CMD, CMD-SHELL or NONE", null);
                break;
        }
    }

    /// <summary>What a link is for, a network does.</summary>
    public void Links(YamlNode node)
    {
        foreach ((string text, YamlNode at) in Texts(node))
        {
            string[] parts = text.Split(':', 2);
            if (parts.Length == 1 || parts[0] == parts[1])
            {
                Depend(parts[0], "service_started", isRequired: true, at);
            }
            else
            {
                Lose(
                    at,
                    "links of docker are no networks",
                    $"NetworkAlias={parts[1]} in the file of {parts[0]} gives it that name"
                );
            }
        }
    }

    /// <summary>Where what it writes goes.</summary>
    public void Logging(YamlNode node)
    {
        foreach ((string key, YamlNode value) in Entries(node))
        {
            if (key == "driver" && ComposeValues.Text(value) is { } driver)
            {
                Add("log-driver", driver, value);
            }
            else if (key == "options")
            {
                foreach ((string option, string? text, YamlNode at) in Pairs(value))
                {
                    Add("log-opt", $"{option}={text}", at);
                }
            }
            else
            {
                Lose(value, $"{key} is nothing that logging has", null);
            }
        }
    }

    /// <summary>The host's, none, or that of another.</summary>
    public void NetworkMode(YamlNode node)
    {
        string mode = ComposeValues.Text(node) ?? "";
        if (mode.Split(':', 2) is not ["service", var other])
        {
            Add("network", mode, node);
        }
        else if (project.Containers.TryGetValue(other, out Files.ConvertedFile? container))
        {
            Add("network", container.Name, node);
        }
        else
        {
            Lose(node, $"there is no service '{other}'", null);
        }
    }

    /// <summary>When the registry is asked.</summary>
    public void PullPolicy(YamlNode node)
    {
        switch (ComposeValues.Text(node))
        {
            case ("always" or "never" or "missing" or "newer") and var policy:
                Add("pull", policy, node);
                break;
            case "if_not_present" or null:
                Add("pull", "missing", node);
                break;
            case var other:
                Lose(
                    node,
                    other == "build" ? "sysctr builds no images" : "the registry is asked when files are applied",
                    "Pull= is missing, always or never"
                );
                break;
        }
    }

    /// <summary>Seconds, and no part of one.</summary>
    public void StopGracePeriod(YamlNode node)
    {
        try
        {
            Add(
                "stop-timeout",
                Math.Ceiling(Quantity.Duration(ComposeValues.Text(node) ?? "").TotalSeconds)
                    .ToString(CultureInfo.InvariantCulture),
                node
            );
        }
        catch (FormatException e)
        {
            Lose(node, e.Message, "StopTimeout=SECONDS");
        }
    }

    /// <summary>What is there before.</summary>
    public void DependsOn(YamlNode node)
    {
        if (node is not YamlMap map)
        {
            foreach ((string other, YamlNode at) in Texts(node))
            {
                Depend(other, "service_started", isRequired: true, at);
            }

            return;
        }

        foreach ((YamlScalar other, YamlNode value) in map.Entries)
        {
            string condition = "service_started";
            bool isRequired = true;
            foreach ((string key, YamlNode said) in Entries(value))
            {
                switch (key)
                {
                    case "condition":
                        condition = ComposeValues.Text(said) ?? condition;
                        break;
                    case "required":
                        isRequired = ComposeValues.IsYes(said);
                        break;
                    case "restart":
                        // systemd restarts what requires a unit with it, unasked.
                        break;
                    default:
                        Lose(said, $"{key} is nothing that a dependency has", null);
                        break;
                }
            }

            Depend(other.Text, condition, isRequired, value);
        }
    }

    private void Depend(string other, string condition, bool isRequired, YamlNode at)
    {
        if (!project.Containers.TryGetValue(other, out Files.ConvertedFile? container))
        {
            if (isRequired)
            {
                Lose(
                    at,
                    $"there is no service '{other}' among those that are translated",
                    "--profile NAME takes those of a profile, too"
                );
            }

            return;
        }

        if (condition is not ("service_started" or "service_healthy" or "service_completed_successfully"))
        {
            Lose(at, $"'{condition}' is no condition", null);
        }

        _file.Line("Unit", isRequired ? "Requires" : "Wants", container.Name, Place(at));
        _file.Line("Unit", "After", container.Name, Place(at));
        _awaited.Add((other, condition));
    }
}
