// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.SystemdText;

namespace SystemContainers.Quadlet;

/// <summary>The sections of a file that systemd reads: they go into the unit as they are, but that names of files
/// become names of units, and that what sysctr sets itself is refused.</summary>
/// <param name="unit">The file.</param>
/// <param name="files">All files of the call.</param>
/// <param name="faults">Gets what can't be carried out.</param>
sealed class UnitSections(QuadletUnit unit, QuadletNames files, QuadletExpansion expansion, QuadletFaults faults)
{
    private const string Quadlet = "Quadlet";

    private const string Defaults = "DefaultDependencies";

    private static readonly string[] s_passed = ["Unit", "Service", "Install"];

    /// <summary>Keys of [Unit] that name units (systemd.unit(5)).</summary>
    private static readonly string[] s_dependencies =
    [
        "After",
        "Before",
        "BindsTo",
        "Conflicts",
        "OnFailure",
        "OnSuccess",
        "PartOf",
        "PropagatesReloadTo",
        "PropagatesStopTo",
        "ReloadPropagatedFrom",
        "Requires",
        "Requisite",
        "StopPropagatedFrom",
        "Upholds",
        "Wants",
    ];

    /// <summary>Keys of [Install] whose values are words (systemd.unit(5)).</summary>
    private static readonly string[] s_lists = ["Alias", "Also", "RequiredBy", "UpheldBy", "WantedBy"];

    /// <summary>Keys of [Service] that are sysctr's, and what to write instead.</summary>
    private static readonly Dictionary<string, string> s_owned = new(StringComparer.Ordinal)
    {
        ["ExecStart"] = "the payload is what [Container] says, Exec= and Entrypoint= among it",
        ["PIDFile"] = "sysctr tells systemd which process is the payload",
        ["GuessMainPID"] = "sysctr tells systemd which process is the payload",
        ["BusName"] = "the unit is ready when its payload is",
        ["Delegate"] = "sysctr delegates what the runtime needs",
        ["DelegateSubgroup"] = "sysctr delegates what the runtime needs",
        ["User"] = "write User= into [Container], or apply the file in user mode",
        ["Group"] = "write Group= into [Container], or apply the file in user mode",
        ["DynamicUser"] = "write User= into [Container], or apply the file in user mode",
        ["RootDirectory"] = "the container's root is its image",
        ["RootImage"] = "the container's root is its image",
    };

    /// <summary>Values of Restart= (systemd.service(5)).</summary>
    private static readonly string[] s_restarts =
    [
        "no",
        "always",
        "on-success",
        "on-failure",
        "on-abnormal",
        "on-abort",
        "on-watchdog",
    ];

    private readonly List<UnitLine> _lines = [];
    private readonly List<QuadletValue> _after = [];
    private readonly List<QuadletValue> _before = [];

    /// <summary>Units that it starts after.</summary>
    public IReadOnlyList<QuadletValue> After => _after;

    /// <summary>Units that start after it.</summary>
    public IReadOnlyList<QuadletValue> Before => _before;

    /// <summary>Whether it waits for the network as podman's units do.</summary>
    public bool DefaultDependencies { get; private set; } = true;

    /// <summary>A value for a list of paths, or a text: quoted where it has to be, no specifiers in it.</summary>
    public static string Quoted(string text, bool asPath)
    {
        string plain = text.Replace("%", "%%", StringComparison.Ordinal);
        return !asPath || plain.AsSpan().IndexOfAny(" \t\"'\\") < 0
            ? plain
            : $"\"{plain.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }

    public IReadOnlyList<UnitLine> Read()
    {
        DefaultDependencies =
            unit.Last(Quadlet, Defaults) is not { Text.Length: > 0 } said || SectionKeys.Yes(said, Defaults, faults);
        SectionKeys.RefuseTwice(unit, Quadlet, Defaults, faults);
        foreach (QuadletLine line in unit.Lines)
        {
            string own = char.ToUpperInvariant(unit.Type[0]) + unit.Type[1..];
            if (s_passed.Contains(line.Section, StringComparer.Ordinal))
            {
                Pass(line);
            }
            else if (line.Section == Quadlet)
            {
                if (line.Key != Defaults)
                {
                    faults.Add(line.Value.Place, $"{line.Key}= is no key of [{Quadlet}]", $"{Defaults}= is one");
                }
            }
            else if (
                line.Section.StartsWith("X-", StringComparison.Ordinal)
                    ? line.Section == ContainerKeys.Ours && own != ContainerKeys.Container
                    : line.Section != own
            )
            {
                faults.Add(
                    line.Value.Place,
                    $"[{line.Section}] is no section of a {Path.GetExtension(unit.Path)} file",
                    $"there are [{(unit.Path.EndsWith(".pod", StringComparison.Ordinal) ? PodFile.Section : own)}], [Unit], [Service], [Install], [{Quadlet}]{(own == ContainerKeys.Container ? $", [{ContainerKeys.Ours}]" : "")}"
                );
            }
        }

        Restarts();
        return _lines;
    }

    /// <summary>What systemd would refuse, or pass over, of the unit that comes of it.</summary>
    private void Restarts()
    {
        if (unit.Last("Service", "Restart") is not { Text.Length: > 0 } restart)
        {
            return;
        }

        if (!s_restarts.Contains(restart.Text, StringComparer.Ordinal))
        {
            faults.Note(
                restart.Place,
                $"Restart={restart.Text}: systemd knows no such word and passes over it, so that the unit is not started again; there are {string.Join(", ", s_restarts)}"
            );
        }
        else if (restart.Text is "always" or "on-success" && unit.Last("Service", "Type") is { Text: "oneshot" })
        {
            faults.Add(
                restart.Place,
                $"Restart={restart.Text}: systemd refuses it with Type=oneshot, which ends when it has succeeded",
                "write Restart=on-failure, or leave Type= out"
            );
        }
    }

    private void Pass(QuadletLine line)
    {
        string value = expansion.Line(line.Value.Text);
        if (
            value.EndsWith('\\')
            || value.Any(c => char.IsControl(c) && c != '\t')
            || !line.Key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        )
        {
            faults.Add(line.Value.Place, $"[{line.Section}] '{line.Key}': it is no line of a unit");
            return;
        }

        if (!UnitKeys.AreKnown(line.Section, line.Key))
        {
            faults.Note(
                line.Value.Place,
                $"{line.Key}= is no key of [{line.Section}] that systemd has, and changes nothing{Meant(line)}"
            );
        }

        switch (line.Section)
        {
            case "Unit" when s_dependencies.Contains(line.Key, StringComparer.Ordinal):
                PassDependency(line, value);
                return;
            case "Service" when Refusal(line) is { } why:
                faults.Add(line.Value.Place, $"{line.Key}= in [Service] is sysctr's own: {why}");
                return;
            case "Service" when line.Key == "WorkingDirectory":
                PassDirectory(line);
                return;
            case "Install" when line.Key == "DefaultInstance" && unit.Instance is null:
                faults.Add(line.Value.Place, "DefaultInstance= goes with a template, NAME@.container");
                return;
            case "Install" when line.Key == "DefaultInstance":
                return;
            case "Install" when Unclosed(line, value) is { } why:
                // systemd would pass over the line, and the unit would not be enabled.
                faults.Add(line.Value.Place, $"{line.Key}=: {why}");
                return;
            case "Install" when line.Key == "Alias" && value.Contains('/', StringComparison.Ordinal):
                // Neither does podman make a name of it: a link in a directory of systemd's is none.
                faults.Note(
                    line.Value.Place,
                    $"Alias={value}: a name with a directory is no name to systemd; left out"
                );
                return;
            default:
                _lines.Add(new UnitLine(line.Section, line.Key, value));
                return;
        }
    }

    /// <summary>A slip of the pen, or a key of the container's that stands in the wrong section.</summary>
    private static string Meant(QuadletLine line) =>
        ContainerKeys.OfContainer.ContainsKey(line.Key) ? $"; it is one of [{ContainerKeys.Container}]"
        : KeyGuess.Nearest(UnitKeys.Of(line.Section), line.Key) is { } near ? $"; {near}= is one"
        : "";

    /// <summary>podman's process is in it, and nothing of a container: sysctr has a directory of its own there, so that
    /// programs beside the payload can't have one.</summary>
    private void PassDirectory(QuadletLine line)
    {
        if (line.Value.Text.Length == 0)
        {
            return;
        }

        if (
            unit.Of("Service")
                .FirstOrDefault(l =>
                    l.Key.StartsWith("Exec", StringComparison.Ordinal)
                    && l.Key != "ExecStart"
                    && l.Value.Text.Length > 0
                ) is
            { } program
        )
        {
            faults.Add(
                line.Value.Place,
                $"WorkingDirectory= in [Service]: {program.Key}= runs in a directory of sysctr's",
                "write absolute paths there, and leave it out; the payload's is WorkingDir= in [Container]"
            );
        }
        else
        {
            faults.Note(
                line.Value.Place,
                "WorkingDirectory= in [Service] changes nothing, as with podman: the payload's is WorkingDir= in [Container]"
            );
        }
    }

    private string? Refusal(QuadletLine line) =>
        (line.Key, line.Value.Text) switch
        {
            ("Delegate", "yes" or "true" or "1" or "on") => null,
            ("Type", "notify" or "oneshot" or "") => null,
            ("Type", _) =>
                "it is notify, for the payload is the unit's main process, or oneshot for a payload that ends",
            ("NotifyAccess", not "all") => "it is all, for the runtime tells when the payload is set up",
            ("KillMode", not ("mixed" or "control-group")) =>
                "it is mixed or control-group, or processes of the payload would outlive it",
            ("ExecStartPre" or "ExecStop" or "ExecStopPost" or "Environment" or "SuccessExitStatus", "") =>
                "emptied, it would take away what sysctr needs there",
            _ => s_owned.GetValueOrDefault(line.Key),
        };

    /// <summary>Why a list of [Install] is none; null where it is one.</summary>
    private static string? Unclosed(QuadletLine line, string value)
    {
        try
        {
            _ = s_lists.Contains(line.Key, StringComparer.Ordinal) ? QuadletWords.Plain(value) : [];
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private void PassDependency(QuadletLine line, string value)
    {
        IReadOnlyList<string> words;
        try
        {
            words = QuadletWords.Plain(value);
        }
        catch (FormatException e)
        {
            faults.Add(line.Value.Place, $"{line.Key}=: {e.Message}");
            return;
        }

        bool changed = false;
        List<string> units = [];
        foreach (string word in words)
        {
            string? name = files.UnitFor(word);
            if (name is null && QuadletFiles.IsOne(word))
            {
                faults.Add(
                    line.Value.Place,
                    $"{line.Key}=: no file declares {word}",
                    "add the file to the call, or name the unit"
                );
                continue;
            }

            changed |= name is not null && name != word;
            if (name is not "")
            {
                units.Add(name ?? word);
            }
        }

        (
            line.Key switch
            {
                "After" => _after,
                "Before" => _before,
                _ => null,
            }
        )?.AddRange(units.Select(u => line.Value with { Text = u }));
        if (!changed)
        {
            _lines.Add(new UnitLine(line.Section, line.Key, value));
        }
        else if (units.Count > 0)
        {
            _lines.Add(new UnitLine(line.Section, line.Key, string.Join(' ', units)));
        }
    }
}
