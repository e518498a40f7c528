// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Settings;

namespace SystemContainers.Quadlet;

/// <summary>
/// PodmanArgs=: words of podman-run(1)'s command line. Those are taken that are options of ours, or say what a key
/// says; what is podman's own and changes nothing here is passed over with a note.
/// </summary>
static class PodmanArguments
{
    public const string Key = "PodmanArgs";

    private const string NoTerminal =
        "a unit has no terminal to keep open: StandardInput= and TTYPath= in [Service] (systemd.exec(5)) are what there is";

    /// <summary>Flags that change nothing, by name, and why.</summary>
    private static readonly Dictionary<string, string> s_idle = new(StringComparer.Ordinal)
    {
        ["detach"] = "a payload is never in the foreground of anything",
        ["replace"] = "a start clears away what an earlier one left",
        ["rm"] = "nothing is left of a run that has ended",
        ["sig-proxy"] = "systemd's signals reach the payload itself",
    };

    /// <summary>Flags that are an option's value where they are true.</summary>
    private static readonly Dictionary<string, (string Option, string Value)> s_flags = new(StringComparer.Ordinal)
    {
        ["no-healthcheck"] = ("health-cmd", "none"),
    };

    /// <summary>Options whose keys change nothing, by those.</summary>
    private static readonly Dictionary<string, string> s_idleKeys = new(StringComparer.Ordinal)
    {
        ["expose"] = "ExposeHostPort",
        ["health-log-destination"] = "HealthLogDestination",
        ["health-max-log-count"] = "HealthMaxLogCount",
        ["health-max-log-size"] = "HealthMaxLogSize",
        ["retry"] = "Retry",
        ["retry-delay"] = "RetryDelay",
    };

    /// <summary>Flags that can't be had where they are true.</summary>
    private static readonly string[] s_refused = ["interactive", "tty"];

    /// <summary>Options that say what a key says.</summary>
    private static readonly Dictionary<string, Action<ContainerReader, QuadletValue>> s_keys = new(
        StringComparer.Ordinal
    )
    {
        ["cgroups"] = static (reader, value) => reader.CgroupsMode([value]),
        ["env"] = static (reader, value) => reader.Environment([value]),
        ["env-file"] = static (reader, value) => reader.EnvironmentFiles([value]),
        ["group-add"] = static (reader, value) =>
            reader.Groups([.. value.Text.Split(',').Select(g => value with { Text = g })]),
        ["log-driver"] = static (reader, value) => reader.LogDriver([value]),
        ["log-opt"] = static (reader, value) => reader.LogOptions([value]),
        // By the names that podman knows a container and a network by.
        ["network"] = static (reader, value) => reader.Networks([value]),
        ["name"] = static (reader, value) => reader.FurtherName([value]),
        ["pull"] = static (reader, value) => reader.Pull([value]),
    };

    /// <summary>Options of podman-pod-create(1) that say what a key of [Pod] says.</summary>
    private static readonly Dictionary<string, string> s_ofPod = new(StringComparer.Ordinal)
    {
        ["add-host"] = "AddHost",
        ["dns"] = "DNS",
        ["dns-option"] = "DNSOption",
        ["dns-search"] = "DNSSearch",
        ["exit-policy"] = "ExitPolicy",
        ["gidmap"] = "GIDMap",
        ["hostname"] = "HostName",
        ["ip"] = "IP",
        ["ip6"] = "IP6",
        ["label"] = "Label",
        ["name"] = "PodName",
        ["network"] = "Network",
        ["network-alias"] = "NetworkAlias",
        ["publish"] = "PublishPort",
        ["shm-size"] = "ShmSize",
        ["subgidname"] = "SubGIDMap",
        ["subuidname"] = "SubUIDMap",
        ["uidmap"] = "UIDMap",
        ["userns"] = "UserNS",
        ["volume"] = "Volume",
    };

    /// <summary>Options of pods that are about a container that is not there.</summary>
    private static readonly string[] s_infra = ["infra-command", "infra-conmon-pidfile", "infra-image", "infra-name"];

    /// <summary>Options of pods that limit all containers in one together.</summary>
    private static readonly string[] s_limits =
    [
        "blkio-weight",
        "cpu-shares",
        "cpus",
        "cpuset-cpus",
        "cpuset-mems",
        "memory",
        "memory-swap",
    ];

    private static readonly Dictionary<char, string> s_letters = new()
    {
        ['d'] = "detach",
        ['i'] = "interactive",
        ['t'] = "tty",
    };

    public static void Read(ContainerReader reader, IReadOnlyList<QuadletValue> words)
    {
        for (int i = 0; i < words.Count; i++)
        {
            QuadletValue word = words[i];
            if (word.Text is ['-', not '-', ..] && word.Text.Length > 1 && word.Text[1..].All(s_letters.ContainsKey))
            {
                foreach (char letter in word.Text[1..])
                {
                    Flag(reader, s_letters[letter], word with { Text = "true" });
                }

                continue;
            }

            if (word.IsOpen && word.Text is not ['-', ..])
            {
                // What it is nobody knows: options, or nothing.
                continue;
            }

            (string name, string? given) = Split(word.Text);
            if (IsFlag(name))
            {
                Flag(reader, name, word with { Text = given ?? "true" });
            }
            else if (SettingOptions.Find(name) is null && !s_keys.ContainsKey(name) && !s_idleKeys.ContainsKey(name))
            {
                reader.Fault(
                    word.Place,
                    $"{Key}=: {(name.Length > 0 ? "--" + name : $"'{word.Text}'")} has no counterpart among the options of 'sysctr install'",
                    "leave it out, or say what it is for by other keys"
                );

                // Its value is none of the next options.
                i += i + 1 < words.Count && words[i + 1].Text is not ['-', ..] && given is null ? 1 : 0;
            }
            else if (given is not null)
            {
                Option(reader, name, word with { Text = given });
            }
            else if (++i < words.Count)
            {
                Option(reader, name, words[i]);
            }
            else
            {
                reader.Fault(word.Place, $"{Key}=: --{name} has no value", null);
            }
        }
    }

    /// <summary>A pod with the keys that its PodmanArgs= say, behind all others, as they stand behind them on podman's
    /// command line.</summary>
    /// <param name="pod">The file.</param>
    /// <param name="faults">Gets what can't be had.</param>
    public static QuadletUnit OfPod(QuadletUnit pod, QuadletExpansion expansion, QuadletFaults faults)
    {
        List<QuadletLine> lines = [.. pod.Lines.Where(l => !(l.Section == PodFile.Section && l.Key == Key))];
        foreach (QuadletValue value in pod.All(PodFile.Section, Key))
        {
            try
            {
                string[] words = [.. QuadletWords.Escaped(value.Text).SelectMany(w => expansion.Expand(w).Parts)];
                for (int i = 0; i < words.Length; i++)
                {
                    PodOption(words, ref i, value.Place, lines, faults);
                }
            }
            catch (UnknownEscapeException e)
            {
                faults.Note(value.Place, $"{Key}=: left out, as podman leaves it out: {e.Message}");
            }
            catch (FormatException e)
            {
                faults.Add(value.Place, $"{Key}=: {e.Message}");
            }
        }

        return pod with
        {
            Lines = lines,
        };
    }

    private static void PodOption(
        string[] words,
        ref int at,
        QuadletPlace place,
        List<QuadletLine> lines,
        QuadletFaults faults
    )
    {
        string word = words[at];
        (string name, string? given) = Split(word);
        string shown = name.Length > 0 ? "--" + name : $"'{word}'";
        if (name == "replace")
        {
            faults.Note(place, $"{Key}=: --{name} changes nothing: {s_idle[name]}");
            return;
        }

        bool isKnown = s_ofPod.TryGetValue(name, out string? key);
        if (given is null && at + 1 < words.Length && (isKnown || words[at + 1] is not ['-', ..]))
        {
            // It is none of the next options.
            given = words[++at];
        }

        if (s_infra.Contains(name, StringComparer.Ordinal))
        {
            faults.Note(place, $"{Key}=: {shown} changes nothing: a pod has no container of its own");
        }
        else if (s_limits.Contains(name, StringComparer.Ordinal))
        {
            faults.Add(
                place,
                $"{Key}=: {shown}: a pod has no limits that its containers share",
                "limit each container, or write Slice= into [Service] of each, and the limit into that slice's unit (systemd.slice(5))"
            );
        }
        else if (!isKnown)
        {
            faults.Add(
                place,
                $"{Key}=: {shown} has no counterpart in a pod of sysctr's",
                "leave it out, or say what it is for by keys of each container"
            );
        }
        else if (given is null)
        {
            faults.Add(place, $"{Key}=: {shown} has no value");
        }
        else
        {
            Say(key!, given, place, lines);
        }
    }

    /// <summary>Adds a line; of what there is one of, it takes the place of the key's own.</summary>
    private static void Say(string key, string value, QuadletPlace place, List<QuadletLine> lines)
    {
        if (PodFile.IsOne(key))
        {
            lines.RemoveAll(l => l.Section == PodFile.Section && l.Key == key);
        }

        // It has been expanded, and is one word.
        string text = value.Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        if (
            ContainerKeys.OfContainer.TryGetValue(key, out QuadletKey? same)
            && same.Form is KeyForm.Words or KeyForm.Arguments
        )
        {
            text =
                $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        }

        lines.Add(new QuadletLine(PodFile.Section, key, new QuadletValue(text, place)));
    }

    /// <summary>The option's name, empty for what is none, and the value that stands in the same word.</summary>
    private static (string Name, string? Value) Split(string text)
    {
        if (text.StartsWith("--", StringComparison.Ordinal))
        {
            return text.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
                ? (text[2..equals], text[(equals + 1)..])
                : (text[2..], null);
        }

        return text is not ['-', var letter, ..]
            ? ("", null)
            : (
                SettingOptions.InOrder.FirstOrDefault(o => o.Letter == letter)?.Name ?? "",
                text.Length == 2 ? null
                : text[2] == '=' ? text[3..]
                : text[2..]
            );
    }

    private static bool IsFlag(string name) =>
        s_idle.ContainsKey(name)
        || s_flags.ContainsKey(name)
        || s_refused.Contains(name, StringComparer.Ordinal)
        || SettingOptions.Find(name) is { IsFlag: true };

    private static void Flag(ContainerReader reader, string name, QuadletValue value)
    {
        if (value.IsOpen)
        {
            return;
        }

        if (SettingOptions.Find(name) is not null)
        {
            reader.Add(name, value.Text, value.Place, Key);
            return;
        }

        bool isYes;
        try
        {
            isYes = SettingOptions.Flag(value.Text);
        }
        catch (FormatException e)
        {
            reader.Fault(value.Place, $"{Key}=: --{name}={value.Text}: {e.Message}", null);
            return;
        }

        if (s_flags.TryGetValue(name, out (string Option, string Value) said))
        {
            if (isYes)
            {
                reader.Add(said.Option, said.Value, value.Place, Key);
            }
        }
        else if (s_idle.TryGetValue(name, out string? why))
        {
            reader.Note(value.Place, $"{Key}=: --{name} changes nothing: {why}");
        }
        else if (isYes)
        {
            reader.Fault(value.Place, $"{Key}=: --{name}: {NoTerminal}", "leave it out");
        }
    }

    private static void Option(ContainerReader reader, string name, QuadletValue value)
    {
        if (value.IsOpen)
        {
            return;
        }

        if (s_idleKeys.TryGetValue(name, out string? key))
        {
            reader.Note(value.Place, $"{Key}=: --{name} changes nothing: {ContainerKeys.OfContainer[key].Idle}");
        }
        else if (s_keys.TryGetValue(name, out Action<ContainerReader, QuadletValue>? read))
        {
            read(reader, value);
        }
        else
        {
            reader.Add(name, value.Text, value.Place, Key);
        }
    }
}
