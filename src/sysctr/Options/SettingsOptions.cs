// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Errors;
using SystemContainers.Settings;

namespace SystemContainers.Cli.Options;

/// <summary>The options of podman-run(1) that install, update and plan share.</summary>
static class SettingsOptions
{
    /// <summary>Carries one word of the payload's command, which stands behind <c>--</c>.</summary>
    public const string WordOption = "--command-word";

    private static readonly Dictionary<string, Option<string[]>> s_options = SettingOptions.InOrder.ToDictionary(
        o => o.Name,
        Create,
        StringComparer.Ordinal
    );

    private static readonly Option<string[]> s_envFile = new("--env-file")
    {
        Description = "Set the variables that a file has, one a line; it is read now.",
        HelpName = "FILE",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string[]> s_words = new(WordOption) { Hidden = true, DefaultValueFactory = _ => [] };

    private static readonly Option<string[]> s_reset = new("--reset")
    {
        Description =
            "Forget what earlier calls gave for this option, such as volume; 'command' for the words behind --.",
        HelpName = "OPTION",
        DefaultValueFactory = _ => [],
    };

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
            given =
                name != "env"
                    ? given
                    :
                    [
                        .. (parsed.GetValue(s_envFile) ?? []).SelectMany(f => EnvironmentSetting.ReadFile(f, caller)),
                        .. given.SelectMany(g => EnvironmentSetting.Resolve(g, caller)),
                    ];
            if (given.Count > 0)
            {
                SettingOption known = SettingOptions.Find(name)!;
                values[name] = known.IsList ? [.. given.SelectMany(v => Split(known, v))] : [given[^1]];
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

    private static IReadOnlyList<string> Split(SettingOption option, string value)
    {
        try
        {
            return option.Split(value);
        }
        catch (FormatException e)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading --{option.Name}={value}: {e.Message}",
                $"it is --{option.Name}={option.ValueName}, as podman-run(1) has it",
                e
            );
        }
    }

    /// <summary>The options to forget.</summary>
    /// <exception cref="SysctrException">Usage: one is none.</exception>
    public static IReadOnlyList<string> ParseReset(ParseResult parsed) =>
        [
            .. (parsed.GetValue(s_reset) ?? [])
                .Select(typed => typed.TrimStart('-'))
                .Select(name =>
                    name == ContainerSettings.Command || SettingOptions.Find(name) is not null
                        ? name
                        : throw new SysctrException(
                            ErrorKind.Usage,
                            $"reading --reset {name}: there is no such option",
                            $"there are {string.Join(", ", SettingOptions.InOrder.Select(o => o.Name).Append(ContainerSettings.Command))}"
                        )
                ),
        ];

    /// <summary>Whether install, update and plan have a settings option of this name, written without its
    /// dashes.</summary>
    public static bool Has(string name) => s_options.ContainsKey(name);

    private static Option<string[]> Create(SettingOption option)
    {
        Option<string[]> created =
            option.Letter is { } letter && option.Name != "user" ? new("--" + option.Name, "-" + letter)
            : option.Name == "user" ? new("-u")
            : new("--" + option.Name);
        created.Description = option.Help;
        created.HelpName = option.ValueName;
        created.DefaultValueFactory = _ => [];
        return created;
    }
}
