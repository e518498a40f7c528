// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Requests;
using SystemContainers.Settings;
using SystemContainers.SystemdText;

namespace SystemContainers.Quadlet;

/// <summary>Makes of a .container file what it asks for. Whatever of it can't be carried out is a fault, with its
/// line.</summary>
/// <param name="unit">The file.</param>
/// <param name="files">All files of the call, for the names that it uses.</param>
/// <param name="faults">Gets what can't be carried out.</param>
sealed partial class ContainerReader(QuadletUnit unit, QuadletNames files, QuadletHost host, QuadletFaults faults)
{
    private readonly Dictionary<string, List<string>> _settings = new(StringComparer.Ordinal);
    private readonly List<string> _fileVariables = [];
    private readonly List<UnitLine> _added = [];
    private readonly List<QuadletValue> _sources = [];
    private readonly SaidSettings _said = new(unit.Place);
    private readonly QuadletExpansion _expansion = new(unit, files.NameOf(unit), host);
    private InstallRequest _request = new("");
    private QuadletValue? _furtherName;
    private TimeSpan? _settle;
    private int? _keep;

    /// <returns>What it declares; it counts only where there are no faults.</returns>
    public ContainerDeclaration Read()
    {
        foreach ((QuadletPlace place, string text) in _expansion.Variables.Faults)
        {
            Fault(place, text, "write the file, or a dash in front of its name where it may lack");
        }

        ServiceVariables();
        Keys(ContainerKeys.Container, ContainerKeys.OfContainer);
        UserAndGroup();
        UserNamespace();
        VolatileTmp();

        // They stand behind all that the other keys say on podman's command line.
        Key(ContainerKeys.Container, ContainerKeys.OfContainer[PodmanArguments.Key]);
        Keys(ContainerKeys.Ours, ContainerKeys.OfSysctr);
        if (unit.Last(ContainerKeys.Container, "Image") is null or { Text: "" } && _request.Rootfs is null)
        {
            Fault(
                unit.Of(ContainerKeys.Container).FirstOrDefault()?.Value.Place ?? unit.Place,
                "[Container] has no Image=",
                "name the image that the container is made of"
            );
        }

        string name = files.NameOf(unit);
        if (!ContainerName.IsValid(name))
        {
            Fault(
                unit.Place,
                $"'{name}' can't be the name of a container: letters, digits, _ . + and - make one",
                "[X-Sysctr] Name= gives it another"
            );
        }

        UnitSections sections = new(unit, files, _expansion, faults);
        IReadOnlyList<UnitLine> own = sections.Read();
        FurtherAlias();
        StopTimeout();
        ContainerSettings settings = Settings();
        Dictionary<string, IReadOnlyList<string>> usual = new(StringComparer.Ordinal);
        if (unit.Last(ContainerKeys.Container, "NoNewPrivileges") is null)
        {
            usual["security-opt"] = ["no-new-privileges=false"];
        }

        if (
            _request.Rootfs is not null
            && !_settings.ContainsKey("writable")
            && (unit.Last(ContainerKeys.Container, "ReadOnly") is not { } only || !Yes(only, "ReadOnly"))
        )
        {
            // podman's containers write to the directory itself.
            usual["writable"] = [SpecSettings.Direct];
        }
        else if (
            unit.Last(ContainerKeys.Container, "ReadOnly") is null
            && !host.IsUser
            && !_settings.ContainsKey("writable")
        )
        {
            // A user's container can't have such a root; what it writes fails there, and says how to go on.
            usual["read-only"] = ["false"];
        }

        if (!_settings.ContainsKey(QuadletNetworks.Option))
        {
            usual[QuadletNetworks.Option] = [QuadletNetworks.Usual];
        }

        return new ContainerDeclaration(
            unit,
            _request with
            {
                Name = name,
                Settings = settings,
                Usual = new ContainerSettings(usual),
                Declared = new Declaration(
                    host.OnHost(unit.Path) ?? unit.Path,
                    [.. Before(sections), .. own, .. _added]
                )
                {
                    Keep = _keep,
                },
            }
        )
        {
            ImagePlace = unit.Last(ContainerKeys.Container, "Image")?.Place ?? unit.Place,
            OwnLines = own,
            HostSources = _sources,
            Said = _said,
            After = sections.After,
            Before = sections.Before,
            Settle = _settle,
        };
    }

    /// <summary>Others on a network with names look for it by the name that podman gives a container.</summary>
    private void FurtherAlias()
    {
        bool named =
            _settings.TryGetValue(QuadletNetworks.Option, out List<string>? networks)
            && networks.All(n => NetworkSetting.Parse(n) is { Mode: NetworkMode.Bridge, Name.Length: > 0 });
        if (named && _furtherName is { Text.Length: > 0 } name && name.Text != files.NameOf(unit))
        {
            Add("network-alias", name.Text, name.Place, "ContainerName");
        }
    }

    /// <summary>Adds a value of an option, where there is such an option and the value is one.</summary>
    /// <param name="option">Without dashes.</param>
    /// <param name="value">Expanded.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="key">Of the file.</param>
    /// <param name="written">As it stands there; null for the same.</param>
    public void Add(string option, string value, QuadletPlace place, string key, string? written = null)
    {
        IReadOnlyList<string> parts = [value];
        if (option != ContainerSettings.Command)
        {
            if (SettingOptions.Find(option) is not { } found)
            {
                Fault(
                    place,
                    $"{key}= is not supported yet: sysctr has no --{option}",
                    "leave it out, or keep this container with podman"
                );
                return;
            }

            try
            {
                if (value.Contains('\0', StringComparison.Ordinal))
                {
                    throw new FormatException("it has a NUL character");
                }

                parts = found.Split(value);
                foreach (string part in parts)
                {
                    found.Check(part);
                }
            }
            catch (FormatException e)
            {
                Fault(place, $"{key}={written ?? value}: {e.Message}", null);
                return;
            }
        }

        foreach (string part in parts)
        {
            string text = parts.Count > 1 ? part : written ?? part;
            _said.Add(option, part, place, key == PodmanArguments.Key ? $"{key}=--{option}={text}" : $"{key}={text}");
        }

        if (!_settings.TryGetValue(option, out List<string>? values))
        {
            _settings.Add(option, values = []);
        }

        values.AddRange(parts);
    }

    /// <summary>Adds a fault of this file.</summary>
    public void Fault(QuadletPlace place, string text, string? advice) => faults.Add(place, text, advice);

    /// <summary>Adds what is no fault of this file.</summary>
    public void Note(QuadletPlace place, string text) => faults.Note(place, text);

    /// <summary>What options of podman's logs come to.</summary>
    public void LogOptions(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue value in values)
        {
            if (LogOption.Read(value.Text, _request.Image, files.NameOf(unit), out string said) is { } line)
            {
                if (line.Key != "SyslogIdentifier" || unit.Last("Service", line.Key) is null)
                {
                    _added.Add(line);
                }

                if (host.IsUser && line.Key == "LogExtraFields")
                {
                    Fault(
                        value.Place,
                        $"LogOpt={value.Text}: a user's manager can't add fields to the journal (systemd.exec(5), LogExtraFields=)",
                        "leave it out"
                    );
                }
            }
            else if (said.Length == 0)
            {
                Note(value.Place, $"LogOpt={value.Text} changes nothing: podman's journald has no use for it either");
            }
            else
            {
                Fault(value.Place, $"LogOpt={value.Text}: {said}", "leave it out");
            }
        }
    }

    private void Keys(string section, IReadOnlyDictionary<string, QuadletKey> known)
    {
        foreach (QuadletLine line in unit.Of(section).Where(l => !known.ContainsKey(l.Key)).DistinctBy(l => l.Key))
        {
            Fault(line.Value.Place, $"{line.Key}= is no key of [{section}]", KeyGuess.Among(known.Keys, line.Key));
        }

        foreach (QuadletKey key in known.Values.Where(k => k.Name != PodmanArguments.Key))
        {
            Key(section, key);
        }
    }

    private void Key(string section, QuadletKey key)
    {
        if (key.Form is KeyForm.One or KeyForm.Switch or KeyForm.Command)
        {
            SectionKeys.RefuseTwice(unit, section, key.Name, faults);
        }

        List<QuadletValue> values = Values(section, key);
        if (key.Name != PodmanArguments.Key && values.RemoveAll(v => v.IsOpen) > 0 && values.Count == 0)
        {
            return;
        }

        if (
            unit.Of(section).FirstOrDefault(l => l.Key == key.Name)?.Value.Place is not { } place
            || (values.Count == 0 && !MayBeEmpty(key))
        )
        {
            return;
        }

        if (key.Refused is not null && (key.Option is null || SettingOptions.Find(key.Option) is null))
        {
            Fault(values[0].Place, $"{key.Name}=: {key.Refused}", "leave the key out");
        }
        else if (key.Idle is not null)
        {
            faults.Note(place, $"{key.Name}=: {key.Idle}");
        }
        else if (key.Read is { } read)
        {
            read(this, values);
        }
        else
        {
            foreach (QuadletValue value in values)
            {
                if (
                    key.Value(
                        key.Form == KeyForm.Switch
                            ? Yes(value, key.Name)
                                ? "true"
                                : "false"
                            : value.Text
                    ) is
                    { } text
                )
                {
                    Add(key.Option!, text, value.Place, key.Name, value.Text);
                }
            }
        }
    }

    /// <summary>An empty value says something there, or is what forgets the values before.</summary>
    private static bool MayBeEmpty(QuadletKey key) => key.Name == "Entrypoint";

    /// <summary>The values as podman reads them and systemd hands them to podman.</summary>
    private List<QuadletValue> Values(string section, QuadletKey key)
    {
        IReadOnlyList<QuadletValue> raw = key.Form switch
        {
            KeyForm.One or KeyForm.Switch => unit.Last(section, key.Name) is { } last
            && (last.Text.Length > 0 || MayBeEmpty(key))
                ? [last]
                : [],
            KeyForm.Command => unit.Of(section).LastOrDefault(l => l.Key == key.Name)?.Value
                is { Text.Length: > 0 } last
                ? [last]
                : [],
            _ => unit.All(section, key.Name),
        };
        List<QuadletValue> values = [];
        foreach (QuadletValue value in raw)
        {
            try
            {
                IReadOnlyList<string> words = key.Form switch
                {
                    KeyForm.Words => QuadletWords.Plain(value.Text),
                    KeyForm.Arguments or KeyForm.Command => QuadletWords.Escaped(value.Text),
                    _ => [value.Text.TrimEnd()],
                };
                values.AddRange(words.SelectMany(w => Expanded(value with { Text = w }, key)));
            }
            catch (UnknownEscapeException e)
            {
                // As podman's generator does, for a command all of it, for the others this line.
                faults.Note(value.Place, $"{key.Name}=: left out, as podman leaves it out: {e.Message}");
            }
            catch (FormatException e)
            {
                Fault(value.Place, $"{key.Name}=: {e.Message}", null);
            }
        }

        return values;
    }

    /// <summary>
    /// What systemd makes of a word: for a command's a variable that stands alone is as many words as it has. In an
    /// option's place podman would take the second for an option of its own.
    /// </summary>
    private IEnumerable<QuadletValue> Expanded(QuadletValue word, QuadletKey key)
    {
        ExpandedWord expanded = _expansion.Expand(word.Text);
        foreach (string variable in expanded.Unset)
        {
            faults.Note(
                word.Place,
                host.LooksAtHost
                    ? $"{key.Name}=: no variable {variable} is set in [Service] or by systemd, so that there is nothing in its place"
                    : $"{key.Name}=: the variable {variable} is known on the host alone; the value was not checked"
            );
        }

        if (expanded.Unset.Count > 0 && !host.LooksAtHost)
        {
            return [word with { IsOpen = true }];
        }

        return key.Form == KeyForm.Command || key.Name == PodmanArguments.Key
                ? expanded.Parts.Select(p => word with { Text = p })
            : expanded.Parts.Count < 2 ? [word with { Text = expanded.Text }]
            : throw new FormatException($"{word.Text} is {expanded.Parts.Count} words; ${{{word.Text[1..]}}} is one");
    }

    private ContainerSettings Settings()
    {
        if (_fileVariables.Count > 0)
        {
            // As podman has it: of files the later ones count more, and single variables more than all of them.
            _settings["env"] = [.. _fileVariables, .. _settings.GetValueOrDefault("env", [])];
        }

        new LaterValues(_settings, _said, faults).Keep();
        Dictionary<string, IReadOnlyList<string>> values = new(StringComparer.Ordinal);
        foreach ((string option, List<string> given) in _settings)
        {
            values[option] =
                option == ContainerSettings.Command || SettingOptions.Find(option) is { IsList: true }
                    ? given
                    : [given[^1]];
        }

        ContainerSettings said = new(values);
        try
        {
            said.CheckTogether();
            said.CheckStartup();
            foreach (string port in said.Spec.Network.Idle)
            {
                SettingFault idle = new(PublishedPort.Option, port, NetworkSettings.IdleWhy);
                Note(_said.Place(idle.Option, port), _said.Text(idle));
            }
        }
        catch (SysctrException e) when (e.Setting is { } setting)
        {
            Fault(_said.Place(setting.Option, setting.Value), _said.Text(setting), e.Hint);
            return ContainerSettings.None;
        }

        return ContainerSettings.None.With(said, []);
    }

    /// <summary>What stands before the lines of the file, so that they can take it back: the network that podman's
    /// units wait for.</summary>
    private IEnumerable<UnitLine> Before(UnitSections sections)
    {
        yield return new UnitLine(
            "Unit",
            "SourcePath",
            UnitSections.Quoted(host.OnHost(unit.Path) ?? unit.Path, asPath: true)
        );
        if (sections.DefaultDependencies && !host.IsUser)
        {
            yield return new UnitLine("Unit", "Wants", "network-online.target");
            yield return new UnitLine("Unit", "After", "network-online.target");
        }
    }

    private bool Yes(QuadletValue value, string key) => SectionKeys.Yes(value, key, faults);
}
