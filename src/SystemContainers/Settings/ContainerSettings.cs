// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Settings.Health;

namespace SystemContainers.Settings;

/// <summary>
/// What a user has set of a container by options of <see cref="SettingOptions"/>: for each option its values, as they
/// were written. So it is kept in records, and so it is said again.
/// </summary>
/// <param name="Values">By the options' names; none of the lists is empty, but for <see cref="Command"/>'s and
/// <c>entrypoint</c>'s.</param>
sealed record ContainerSettings(IReadOnlyDictionary<string, IReadOnlyList<string>> Values)
{
    /// <summary>The words behind <c>--</c>, which no option names.</summary>
    public const string Command = "command";

    private static readonly string[] s_startup =
    [
        "health-startup-interval",
        "health-startup-retries",
        "health-startup-success",
        "health-startup-timeout",
    ];

    /// <summary>Nothing was set.</summary>
    public static ContainerSettings None { get; } = new(new Dictionary<string, IReadOnlyList<string>>());

    /// <summary>The container whose record has them, which any version may have written; null where this call said all
    /// of them.</summary>
    public string? RecordOf { get; private init; }

    /// <summary>Those of a record. Addresses are in it as they were written, and mean what they meant to the version
    /// that took them.</summary>
    /// <param name="container">Whose record.</param>
    /// <param name="values">As <see cref="Values"/>.</param>
    public static ContainerSettings OfRecord(
        string container,
        IReadOnlyDictionary<string, IReadOnlyList<string>> values
    ) =>
        new(values.ToDictionary(v => v.Key, v => NetworkSettings.Recorded(v.Key, v.Value), StringComparer.Ordinal))
        {
            RecordOf = container,
        };

    /// <summary>What they change of a config.json that sysctr writes; read once.</summary>
    /// <exception cref="SysctrException">As <see cref="Check"/>, of what it has not passed: a record may have what no
    /// version takes any more.</exception>
    public SpecSettings Spec => _spec ??= Read();

    private SpecSettings? _spec;

    /// <summary>The other images that are mounted, as they were named, each once.</summary>
    /// <exception cref="SysctrException">As <see cref="Check"/>.</exception>
    public IReadOnlyList<string> MountedImages()
    {
        if (!Values.ContainsKey("mount"))
        {
            return [];
        }

        Check();
        return [.. Spec.Images.Select(i => i.Image!).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Whether nothing was set.</summary>
    public bool IsEmpty => Values.Count == 0;

    /// <summary>The values of a list option, in order.</summary>
    public IReadOnlyList<string> All(string name) => Values.GetValueOrDefault(name, []);

    /// <summary>The value of an option that has one; null where it was not set.</summary>
    public string? One(string name) => Values.GetValueOrDefault(name) is [.., var last] ? last : null;

    /// <summary>These settings with changes: what is given replaces what has the same key, also of other options on one
    /// subject, and is added otherwise.</summary>
    /// <param name="changes">What is said anew.</param>
    /// <param name="reset">Options that are forgotten before.</param>
    public ContainerSettings With(ContainerSettings changes, IEnumerable<string> reset)
    {
        Dictionary<string, IReadOnlyList<string>> values = new(Values, StringComparer.Ordinal);
        foreach (string name in reset)
        {
            values.Remove(name);
        }

        foreach ((string name, IReadOnlyList<string> given) in changes.Values)
        {
            SettingOption? option = SettingOptions.Find(name);
            values[name] = option is { IsList: true, IsWhole: false }
                ? Merged(option, values.GetValueOrDefault(name, []), given)
                : given;
            foreach (
                SettingOption other in SettingOptions.InOrder.Where(o =>
                    o.Subject is not null && o.Subject == option?.Subject && o != option
                )
            )
            {
                HashSet<string> keys = [.. given.Select(option!.Key)];
                string[] left = [.. values.GetValueOrDefault(other.Name, []).Where(v => !keys.Contains(other.Key(v)))];
                values.Remove(other.Name);
                if (left.Length > 0)
                {
                    values[other.Name] = left;
                }
            }
        }

        return new ContainerSettings(values) { RecordOf = RecordOf };
    }

    private SpecSettings Read()
    {
        try
        {
            return SpecSettings.Of(this);
        }
        catch (FormatException e)
        {
            // It says which option it is.
            Check();
            throw Remembered(
                new SysctrException(ErrorKind.Usage, $"reading settings: {e.Message}", inner: e),
                RecordOf
            );
        }
    }

    /// <summary>Checks every value.</summary>
    /// <exception cref="SysctrException">Usage: names the option, the value and what is wrong; Corrupt: the same of a
    /// record's.</exception>
    public void Check()
    {
        foreach ((string name, IReadOnlyList<string> values) in Values)
        {
            SettingOption? option = SettingOptions.Find(name);
            if (option is null && name != Command)
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading settings: there is no option --{name}",
                    "see 'sysctr install --help'"
                );
            }

            foreach (string value in values)
            {
                Checked(option, name, value);
            }
        }
    }

    /// <summary>A fault of settings, where some are a container's record's: then the hint says how these are
    /// forgotten.</summary>
    /// <param name="fault">As it is where this call said all of them.</param>
    /// <param name="recordOf">As <see cref="RecordOf"/>.</param>
    internal static SysctrException Remembered(SysctrException fault, string? recordOf) =>
        recordOf is null
            ? fault
            : new SysctrException(
                fault.Kind,
                fault.Message,
                $"{(fault.Hint is { } hint ? hint + "; " : "")}what {recordOf} was given before counts, too, until 'sysctr update {recordOf} --reset {fault.Setting?.Option ?? "OPTION"}' forgets it",
                fault
            )
            {
                Setting = fault.Setting,
            };

    /// <summary>Checks that no two values that were given together say different things of one place or right, as
    /// podman does.</summary>
    /// <exception cref="SysctrException">Usage: two do.</exception>
    public void CheckTogether()
    {
        foreach (
            IGrouping<string, SettingOption> subject in SettingOptions
                .InOrder.Where(o => o.Subject is not null)
                .GroupBy(o => o.Subject!)
        )
        {
            Dictionary<string, (SettingOption Option, string Value)> said = new(StringComparer.Ordinal);
            foreach ((SettingOption option, string value) in subject.SelectMany(o => All(o.Name).Select(v => (o, v))))
            {
                string key = option.Key(value);
                if (
                    said.TryGetValue(key, out (SettingOption Option, string Value) other)
                    && !SayTheSame(other, (option, value))
                )
                {
                    throw new SettingFault(option.Name, value, $"is about {key.TrimEnd('=')}, too")
                    {
                        Other = (other.Option.Name, other.Value),
                    }.ToException("leave one of the two out");
                }

                said[key] = (option, value);
            }
        }

        Spec.Network.CheckTogether();
    }

    /// <summary>Checks that what is said of a check at the start is of one that there is.</summary>
    /// <exception cref="SysctrException">Usage: it is not.</exception>
    public void CheckStartup()
    {
        if (
            !(
                One("health-startup-cmd") is { } command
                && HealthCommand.Command(HealthCommand.Parse(command)) is not null
            ) && s_startup.FirstOrDefault(o => One(o) is not null) is { } lonely
        )
        {
            throw new SettingFault(
                lonely,
                One(lonely),
                "it is about a check at the start, and there is none"
            ).ToException("name its command, by --health-startup-cmd or HealthStartupCmd=, or leave it out");
        }
    }

    /// <summary>Whether two say the same.</summary>
    public bool IsSameAs(ContainerSettings other) =>
        Values.Count == other.Values.Count
        && Values.All(v =>
            other.Values.TryGetValue(v.Key, out IReadOnlyList<string>? values) && values.SequenceEqual(v.Value)
        );

    /// <summary>The words of a command line that says it, options in the order of their names, the command
    /// last.</summary>
    public IEnumerable<string> Words() =>
        [
            .. from option in Values.Where(v => v.Key != Command).OrderBy(v => v.Key, StringComparer.Ordinal)
            from value in option.Value
            select $"--{option.Key}={SettingOptions.Find(option.Key)?.Said(value) ?? value}",
            .. All(Command) is { Count: > 0 } words ? words.Prepend("--") : [],
        ];

    /// <summary>One option with one value, also where it is spelt in two ways: <c>kill</c> and
    /// <c>CAP_KILL</c>.</summary>
    private static bool SayTheSame(
        (SettingOption Option, string Value) one,
        (SettingOption Option, string Value) other
    ) =>
        one.Option == other.Option
        && (one.Value == other.Value || Equals(one.Option.Check(one.Value), one.Option.Check(other.Value)));

    private void Checked(SettingOption? option, string name, string value)
    {
        try
        {
            if (value.Contains('\0', StringComparison.Ordinal))
            {
                throw new FormatException("it has a NUL character");
            }

            option?.Check(value);
        }
        catch (FormatException e)
        {
            string what = option is null ? "the command" : $"--{name}={value}";

            // What this call says has been checked before the two were put together.
            throw RecordOf is null
                ? new SysctrException(
                    ErrorKind.Usage,
                    $"reading {what}: {e.Message}",
                    option is null ? null : $"it is --{name}={option.ValueName}, as podman-run(1) has it"
                )
                : new SysctrException(
                    ErrorKind.Corrupt,
                    $"reading the record of {RecordOf}: it has {what}, and that is taken no more: {e.Message}",
                    $"'sysctr update {RecordOf} --reset {name}' forgets it{(option is null ? "" : $"; --{name}={option.ValueName} behind that says it anew")}"
                );
        }
    }

    private static List<string> Merged(SettingOption option, IReadOnlyList<string> before, IReadOnlyList<string> given)
    {
        // There may be tens of thousands of variables.
        List<string> merged = [];
        if (option.CountsTogether)
        {
            ILookup<string, string> groups = given.ToLookup(option.Key, StringComparer.Ordinal);
            HashSet<string> placed = new(StringComparer.Ordinal);
            foreach (string value in before)
            {
                string key = option.Key(value);
                if (!groups.Contains(key))
                {
                    merged.Add(value);
                }
                else if (placed.Add(key))
                {
                    merged.AddRange(groups[key].Distinct(StringComparer.Ordinal));
                }
            }

            merged.AddRange(
                groups.Where(g => !placed.Contains(g.Key)).SelectMany(g => g.Distinct(StringComparer.Ordinal))
            );
            return merged;
        }

        merged.AddRange(before);
        Dictionary<string, int> places = new(StringComparer.Ordinal);
        foreach ((int i, string value) in before.Index())
        {
            places.TryAdd(option.Key(value), i);
        }

        foreach (string value in given)
        {
            if (places.TryGetValue(option.Key(value), out int at))
            {
                merged[at] = value;
            }
            else
            {
                places[option.Key(value)] = merged.Count;
                merged.Add(value);
            }
        }

        return merged;
    }
}
