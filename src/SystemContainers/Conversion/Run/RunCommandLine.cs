// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Settings;

namespace SystemContainers.Conversion.Run;

/// <summary>A command line of docker or podman that makes a container.</summary>
sealed record RunCommandLine
{
    private const string WhatItIs = "it is 'docker run ... IMAGE' or 'podman run ... IMAGE', or the same with create";

    /// <summary>Options of the tools themselves, before the verb, that take a value.</summary>
    private static readonly string[] s_valued =
    [
        "config",
        "context",
        "c",
        "host",
        "H",
        "log-level",
        "l",
        "tlscacert",
        "tlscert",
        "tlskey",
        "cgroup-manager",
        "cdi-spec-dir",
        "conmon",
        "connection",
        "cpu-profile",
        "default-mounts-file",
        "db-backend",
        "events-backend",
        "hooks-dir",
        "identity",
        "imagestore",
        "max-workers",
        "memory-profile",
        "module",
        "namespace",
        "network-backend",
        "network-cmd-path",
        "network-config-dir",
        "out",
        "pull-option",
        "registries-conf",
        "root",
        "runroot",
        "runtime",
        "runtime-flag",
        "ssh",
        "storage-driver",
        "storage-opt",
        "tls-ca",
        "tls-cert",
        "tls-details",
        "tls-key",
        "tmpdir",
        "url",
        "volumepath",
    ];

    private static readonly string[] s_switches =
    [
        "debug",
        "D",
        "help",
        "noout",
        "remote",
        "r",
        "syslog",
        "tls",
        "tlsverify",
        "trace",
        "transient-store",
        "version",
        "v",
    ];

    /// <summary>Options of sudo(8) that take the next word.</summary>
    private const string SudoValued = "CDRTUghpru";

    /// <summary>Whether podman is called.</summary>
    public required bool IsPodman { get; init; }

    /// <summary>Whether it is only made, and not started.</summary>
    public required bool IsCreate { get; init; }

    /// <summary>Options of the tool itself, as they were typed.</summary>
    public required IReadOnlyList<GivenOption> OfTool { get; init; }

    /// <summary>Options of the verb, each of <see cref="RunOptions"/>, and those that it does not have.</summary>
    public required IReadOnlyList<GivenOption> Options { get; init; }

    /// <summary>The image as it was typed.</summary>
    public required string Image { get; init; }

    /// <summary>The words behind the image.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Variables that stand before the command.</summary>
    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <exception cref="SysctrException">Usage: it is none.</exception>
    public static RunCommandLine Parse(IReadOnlyList<string> words)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        int at = words is ["$" or "#" or "%", ..] ? 1 : 0;
        at = Variable(words, at, variables);
        if (at < words.Count && Path.GetFileName(words[at]) is "sudo" or "doas")
        {
            for (at++; at < words.Count && words[at] is ['-', not '-', ..]; at++)
            {
                at += SudoValued.Contains(words[at][^1], StringComparison.Ordinal) ? 1 : 0;
            }

            at = Variable(words, at, variables);
        }

        if (at >= words.Count || Path.GetFileName(words[at]) is not ("docker" or "podman" or "podman-remote"))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading '{(at < words.Count ? words[at] : "")}': it is no command of docker or podman",
                WhatItIs
            );
        }

        bool isPodman = Path.GetFileName(words[at++]) != "docker";
        List<GivenOption> ofTool = [];
        for (; at < words.Count && words[at] is ['-', _, ..]; at++)
        {
            string name = words[at].TrimStart('-').Split('=')[0];
            bool hasValue = words[at].Contains('=', StringComparison.Ordinal);
            bool takesNext = !hasValue && s_valued.Contains(name, StringComparer.Ordinal);
            if (!takesNext && !hasValue && !s_switches.Contains(name, StringComparer.Ordinal))
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading {words[at]}: {(isPodman ? "podman" : "docker")} has no such option before its verb",
                    WhatItIs
                );
            }

            string value =
                hasValue ? words[at].Split('=', 2)[1]
                : takesNext && at + 1 < words.Count ? words[at + 1]
                : "true";
            if (s_switches.Contains(name, StringComparer.Ordinal))
            {
                _ = CheckedSwitch(value, words[at]);
            }

            ofTool.Add(new GivenOption(name, value, takesNext ? $"{words[at]} {value}" : words[at]));
            at += takesNext ? 1 : 0;
        }

        at += at < words.Count && words[at] == "container" ? 1 : 0;
        if (at >= words.Count || words[at] is not ("run" or "create"))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading '{(at < words.Count ? words[at] : "")}': it makes no container",
                WhatItIs
            );
        }

        bool isCreate = words[at++] == "create";
        List<GivenOption> options = [];
        while (at < words.Count && words[at] is ['-', _, ..])
        {
            if (words[at] == "--")
            {
                at++;
                break;
            }

            at = words[at].StartsWith("--", StringComparison.Ordinal)
                ? Long(words, at, isPodman, options)
                : Short(words, at, isPodman, options);
        }

        return at < words.Count
            ? new RunCommandLine
            {
                IsPodman = isPodman,
                IsCreate = isCreate,
                OfTool = ofTool,
                Options = options,
                Image = words[at],
                Command = [.. words.Skip(at + 1)],
                Variables = variables,
            }
            : throw new SysctrException(ErrorKind.Usage, "reading a command: it names no image", WhatItIs);
    }

    /// <summary>NAME=VALUE before a command.</summary>
    private static int Variable(IReadOnlyList<string> words, int at, Dictionary<string, string> variables)
    {
        for (
            ;
            at < words.Count
                && words[at].IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
                && words[at][..equals].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
            at++
        )
        {
            variables[words[at][..equals]] = words[at][(equals + 1)..];
        }

        return at;
    }

    private static int Long(IReadOnlyList<string> words, int at, bool isPodman, List<GivenOption> options)
    {
        string word = words[at];
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = word[2..(equals < 0 ? word.Length : equals)];
        RunOption option = RunOptions.Find(name) ?? throw Unknown("--" + name);
        if (equals >= 0)
        {
            Add(option, word[(equals + 1)..], word, isPodman, options);
        }
        else if (option.IsSwitch)
        {
            Add(option, "true", word, isPodman, options);
        }
        else
        {
            string value = ++at < words.Count ? words[at] : throw NoValue(word);
            Add(option, value, $"{word} {value}", isPodman, options);
        }

        return at + 1;
    }

    /// <summary>Letters that may stand together, the last of them with a value: <c>-itp80:80</c>.</summary>
    private static int Short(IReadOnlyList<string> words, int at, bool isPodman, List<GivenOption> options)
    {
        string word = words[at];
        for (int i = 1; i < word.Length; i++)
        {
            RunOption option = RunOptions.Find(word[i]) ?? throw Unknown($"-{word[i]}");
            string rest = word[(i + 1)..];
            if (option.IsSwitch && !rest.StartsWith('='))
            {
                Add(option, "true", $"-{word[i]}", isPodman, options);
                continue;
            }

            string value =
                rest.Length > 0
                    ? rest.StartsWith('=')
                        ? rest[1..]
                        : rest
                    : ++at < words.Count
                        ? words[at]
                        : throw NoValue($"-{word[i]}");
            Add(option, value, $"-{word[i]} {value}", isPodman, options);
            break;
        }

        return at + 1;
    }

    private static void Add(RunOption option, string value, string place, bool isPodman, List<GivenOption> options) =>
        options.AddRange(
            (option.IsSwitch ? [CheckedSwitch(value, place)] : Split(option, value, isPodman)).Select(
                v => new GivenOption(option.Name, v, place)
            )
        );

    /// <summary>docker and podman refuse what is no boolean, too; to take it for one could give all rights.</summary>
    private static string CheckedSwitch(string value, string place) =>
        GivenOption.IsBoolean(value)
            ? value
            : throw new SysctrException(ErrorKind.Usage, $"reading {place}: it is a boolean: true, false");

    private static IReadOnlyList<string> Split(RunOption option, string value, bool isPodman)
    {
        try
        {
            return option.HasCommas && isPodman ? CommaWords.Split(value) : [value];
        }
        catch (FormatException e)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading --{option.Name} {value}: {e.Message}", inner: e);
        }
    }

    private static SysctrException Unknown(string option) =>
        new(
            ErrorKind.Usage,
            $"reading {option}: neither docker run nor podman run has such an option",
            "a wrong guess would take its value for the image: leave it out, or correct it"
        );

    private static SysctrException NoValue(string option) =>
        new(ErrorKind.Usage, $"reading {option}: nothing follows it", WhatItIs);
}
