// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Conversion.Run;
using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>How many of it, with how much of the host, and what becomes of one that ended.</summary>
sealed partial class ComposeService
{
    private const string Swarm = "it is of docker's swarm";

    /// <summary>One number, or two.</summary>
    public void Ulimits(YamlNode node)
    {
        foreach ((string key, YamlNode value) in Entries(node))
        {
            Add(
                "ulimit",
                value is YamlMap pair
                    ? $"{key}={ComposeValues.Text(pair.Find("soft"))}:{ComposeValues.Text(pair.Find("hard"))}"
                    : $"{key}={ComposeValues.Text(value)}",
                value
            );
        }
    }

    /// <summary>A container is there once.</summary>
    public void Replicas(YamlNode node, string key)
    {
        if (ComposeValues.Text(node) is not ("1" or null))
        {
            Lose(node, $"{key}: a container is there once", "a template, NAME@.container, makes several of one file");
        }
    }

    /// <summary>Weights and limits of devices.</summary>
    public void BlockIO(YamlNode node)
    {
        foreach ((string key, YamlNode value) in Entries(node))
        {
            string option =
                key == "weight" ? "blkio-weight"
                : key == "weight_device" ? "blkio-weight-device"
                : key.Replace('_', '-');
            if (RunOptions.Find(option) is null)
            {
                Lose(value, $"{key} is nothing that blkio_config has", null);
            }
            else if (value is YamlList devices)
            {
                foreach (YamlNode item in devices.Items)
                {
                    Dictionary<string, string?> device = Entries(item)
                        .ToDictionary(e => e.Key, e => ComposeValues.Text(e.Value), StringComparer.Ordinal);
                    Add(
                        option,
                        $"{device.GetValueOrDefault("path")}:{device.GetValueOrDefault("rate") ?? device.GetValueOrDefault("weight")}",
                        item
                    );
                }
            }
            else
            {
                Add(option, ComposeValues.Text(value) ?? "", value);
            }
        }
    }

    /// <summary>How many, with how much, and what becomes of one that ended.</summary>
    public void Deploy(YamlNode node)
    {
        foreach ((string key, YamlNode value) in Entries(node))
        {
            switch (key)
            {
                case "replicas":
                    Replicas(value, key);
                    break;
                case "mode" when ComposeValues.Text(value) is "replicated":
                    break;
                case "resources":
                    Resources(value);
                    break;
                case "restart_policy":
                    RestartPolicy(value);
                    break;
                default:
                    Lose(value, $"{key}: {Swarm}", null);
                    break;
            }
        }
    }

    private void Resources(YamlNode node)
    {
        foreach (
            (string kind, string resource, YamlNode value) in from side in Entries(node)
                                                              from entry in Entries(side.Value)
                                                              select (side.Key, entry.Key, entry.Value)
        )
        {
            string? option = (kind, resource) switch
            {
                ("limits", "cpus") => "cpus",
                ("limits", "memory") => "memory",
                ("limits", "pids") => "pids-limit",
                ("reservations", "memory") => "memory-reservation",
                _ => null,
            };
            if (option is not null && ComposeValues.Text(value) is { } text)
            {
                Add(option, text, value);
            }
            else if (kind == "reservations" && resource == "devices")
            {
                Gpus(value);
            }
            else
            {
                Lose(value, $"{kind}.{resource}: {Swarm}", null);
            }
        }
    }

    /// <summary>Devices by what they are, or by their names in a specification of CDI.</summary>
    public void Gpus(YamlNode node)
    {
        if (ComposeValues.Text(node) == "all")
        {
            Add("device", RunOptions.Gpus + "all", node);
            return;
        }

        foreach (YamlNode item in Items(node))
        {
            YamlMap? map = item as YamlMap;
            string driver = ComposeValues.Text(map?.Find("driver")) ?? "nvidia";
            string? count = ComposeValues.Text(map?.Find("count"));
            string[] ids =
                map?.Find("device_ids") is { } listed ? [.. Texts(listed).Select(t => t.Text)]
                : count is null or "all" or "-1" && driver == "nvidia" ? ["all"]
                : [];
            if (map is null || driver is not ("nvidia" or "cdi") || ids.Length == 0)
            {
                Lose(item, RunOptions.NotCounted, RunOptions.Named);
                continue;
            }

            foreach (string id in ids)
            {
                Add("device", driver == "cdi" ? id : RunOptions.Gpus + id, item);
            }
        }
    }

    private void RestartPolicy(YamlNode node)
    {
        string? most = null;
        string condition = "any";
        YamlNode at = node;
        foreach ((string key, YamlNode value) in Entries(node))
        {
            switch (key)
            {
                case "condition":
                    (condition, at) = (ComposeValues.Text(value) ?? condition, value);
                    break;
                case "max_attempts":
                    most = ComposeValues.Text(value);
                    break;
                case "delay" when ComposeValues.Text(value) is { } delay:
                    _file.OnlyLine("Service", "RestartSec", delay, Place(value));
                    break;
                default:
                    Lose(
                        value,
                        $"{key}: {Swarm}",
                        "StartLimitIntervalSec= in [Unit] is the window in which restarts are counted"
                    );
                    break;
            }
        }

        _restart = new GivenOption(
            "restart",
            condition switch
            {
                "none" => "no",
                "on-failure" => $"on-failure{(most is null ? "" : ":" + most)}",
                _ => "always",
            },
            Place(at)
        );
    }
}
