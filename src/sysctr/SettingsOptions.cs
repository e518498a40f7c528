// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Errors;
using SystemContainers.Settings;

namespace SystemContainers.Cli;

/// <summary>The options of podman-run(1) that install, update and plan share.</summary>
static class SettingsOptions
{
    private const string WordOption = "--command-word";

    private static readonly string[] s_verbs = ["install", "update", "plan"];

    private static readonly Dictionary<string, Option<string[]>> s_options = SettingOptions.InOrder.ToDictionary(o => o.Name, Create, StringComparer.Ordinal);

    private static readonly Option<string[]> s_envFile = new("--env-file")
    {
        Description = "Set the variables that a file has, one a line; it is read now.",
        HelpName = "FILE",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string[]> s_words = new(WordOption) { Hidden = true, DefaultValueFactory = _ => [] };

    private static readonly Option<string[]> s_reset = new("--reset")
    {
        Description = "Forget what earlier calls gave for this option, such as volume; 'command' for the words behind --.",
        HelpName = "OPTION",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Adds them.</summary>
    public static void AddTo(Command command, bool withReset = false)
    {
        foreach (Option<string[]> option in s_options.Values)
        {
            command.Add(option);
        }

        command.Add(s_envFile);
        command.Add(s_words);
        if (withReset)
        {
            command.Add(s_reset);
        }
    }

    /// <summary>What the command line sets.</summary>
    /// <exception cref="SysctrException">Usage: a value is none; NotFound: a file is not there.</exception>
    public static ContainerSettings Parse(ParseResult parsed)
    {
        Dictionary<string, string> caller = CallerEnvironment.Read();
        Dictionary<string, IReadOnlyList<string>> values = new(StringComparer.Ordinal);
        foreach ((string name, Option<string[]> option) in s_options)
        {
            IReadOnlyList<string> given = parsed.GetValue(option) ?? [];
            given = name != "env" ? given :
            [
                .. (parsed.GetValue(s_envFile) ?? []).SelectMany(f => EnvironmentSetting.ReadFile(f, caller)), .. given.SelectMany(g => EnvironmentSetting.Resolve(g, caller)),
            ];
            if (given.Count > 0)
            {
                SettingOption known = SettingOptions.Find(name)!;
                values[name] = known.IsList ? [.. given.SelectMany(known.Split)] : [given[^1]];
            }
        }

        if (parsed.GetValue(s_words) is { Length: > 0 } words)
        {
            values[ContainerSettings.Command] = words;
        }

        ContainerSettings said = new(values);
        said.Check();
        said.CheckTogether();

        // Of two variables of one name the later one counts, in one call as in two.
        return ContainerSettings.None.With(said, []);
    }

    /// <summary>The options to forget.</summary>
    /// <exception cref="SysctrException">Usage: one is none.</exception>
    public static IReadOnlyList<string> ParseReset(ParseResult parsed) =>
    [
        .. (parsed.GetValue(s_reset) ?? []).Select(typed => typed.TrimStart('-')).Select(name => name == ContainerSettings.Command || SettingOptions.Find(name) is not null
            ? name
            : throw new SysctrException(ErrorKind.Usage, $"reading --reset {name}: there is no such option", $"there are {string.Join(", ", SettingOptions.InOrder.Select(o => o.Name).Append(ContainerSettings.Command))}")),
    ];

    /// <summary>
    /// The command line with what the library can't tell apart in other words: behind <c>--</c> stands the payload's command, and <c>--user=NAME</c>
    /// is podman's, where <c>--user</c> alone is whose containers are meant.
    /// </summary>
    public static string[] Rewrite(string[] words)
    {
        int verb = GlobalOptions.VerbAt(words);
        if (verb == words.Length || !s_verbs.Contains(words[verb], StringComparer.Ordinal))
        {
            return words;
        }

        int end = Array.IndexOf(words, "--", verb);
        string[] ours = [.. words[..verb], .. (end < 0 ? words[verb..] : words[verb..end]).SelectMany(Plain)];

        // 'install -- etcd' names an image.
        int operands = verb + (words[verb] == "plan" ? 2 : 1);
        return end < 0 || end == words.Length - 1 || operands >= end || !HasOperand(ours[operands..])
            ? [.. ours, .. end < 0 ? [] : words[end..]]
            : [.. ours, .. words[(end + 1)..].Select(word => $"{WordOption}={word}")];
    }

    private static string[] Plain(string word) =>
        word.StartsWith("--user=", StringComparison.Ordinal) ? ["-u", word["--user=".Length..]]
        // A flag stands alone, as podman has it.
        : word.StartsWith("--", StringComparison.Ordinal) && SettingOptions.Find(word[2..]) is { IsFlag: true } ? [word + "=true"]
        // The library would take the next word for the value.
        : word.StartsWith("--", StringComparison.Ordinal) && word.EndsWith('=') && s_options.ContainsKey(word[2..^1]) ? [word[..^1], ""]
        : [word];

    /// <summary>Whether a word is none of an option: an image's or a container's name.</summary>
    private static bool HasOperand(string[] words)
    {
        Command install = new("install");
        Command update = new("update");
        Commands.InstallCommand.AddRequestTo(install);
        Commands.UpdateCommand.AddRequestTo(update);
        return GlobalOptions.OperandAt(words, [.. install.Options, .. update.Options, .. GlobalOptions.All]) < words.Length;
    }

    private static Option<string[]> Create(SettingOption option)
    {
        Option<string[]> created = option.Letter is { } letter && option.Name != "user" ? new("--" + option.Name, "-" + letter)
            : option.Name == "user" ? new("-u") : new("--" + option.Name);
        created.Description = option.Help;
        created.HelpName = option.ValueName;
        created.DefaultValueFactory = _ => [];
        return created;
    }
}
