// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.SystemdText;

namespace SystemContainers.Quadlet.Values;

/// <summary>
/// The variables that a unit's programs have, as far as they are known when files are applied (systemd.exec(5),
/// "Environment"): the manager's, over these Environment= of [Service], over these its EnvironmentFile=, without those
/// of UnsetEnvironment=.
/// </summary>
sealed class QuadletVariables
{
    private const string Service = "Service";

    private const int MaxBytes = 1 << 20;

    private readonly Dictionary<string, string> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _broken = new(StringComparer.Ordinal);
    private readonly List<(QuadletPlace Place, string Text)> _faults = [];
    private readonly List<QuadletValue> _files = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly QuadletHost _host;
    private IReadOnlyDictionary<string, string>? _manager;

    private QuadletVariables(QuadletHost host) => _host = host;

    /// <summary>Files that could not be read: the unit would not start without them.</summary>
    public IReadOnlyList<(QuadletPlace Place, string Text)> Faults => _faults;

    /// <summary>What Environment= of [Service] sets; the value is null where a start alone knows it.</summary>
    public IReadOnlyList<(string Name, string? Value)> Assigned { get; private set; } = [];

    /// <summary>What EnvironmentFile= of [Service] names.</summary>
    public IReadOnlyList<QuadletValue> Files => _files;

    /// <summary>Reads what [Service] of a file says.</summary>
    /// <param name="unit">The file.</param>
    /// <param name="specified">A text with its specifiers replaced; throws <see cref="FormatException"/> where one is
    /// not known.</param>
    public static QuadletVariables Of(QuadletUnit unit, QuadletHost host, Func<string, string> specified)
    {
        QuadletVariables variables = new(host);
        foreach (QuadletValue value in unit.All(Service, "Environment"))
        {
            foreach (string word in Words(value.Text).Where(w => w.Contains('=', StringComparison.Ordinal)))
            {
                variables.Assign(word.Split('=', 2)[0], word.Split('=', 2)[1], specified);
            }
        }

        variables.Assigned =
        [
            .. variables._own.Select(v => (v.Key, (string?)v.Value)),
            .. variables._broken.Keys.Select(n => (n, (string?)null)),
        ];
        foreach (QuadletValue file in host.LooksAtHost ? unit.All(Service, "EnvironmentFile") : [])
        {
            variables.ReadFile(file, specified);
        }

        foreach (string word in unit.All(Service, "UnsetEnvironment").SelectMany(v => Words(v.Text)))
        {
            string name = word.Split('=', 2)[0];
            if (name == word || variables.Find(name) == word[(name.Length + 1)..])
            {
                variables._taken.Add(name);
            }
        }

        return variables;
    }

    /// <summary>The value of a variable; null where nobody sets it.</summary>
    /// <exception cref="FormatException">It is set, and to what is known at a start alone.</exception>
    public string? Find(string name) =>
        _taken.Contains(name) ? null
        : _own.TryGetValue(name, out string? own) ? own
        : _broken.TryGetValue(name, out string? why) ? throw new FormatException($"of the variable {name}, {why}")
        : StartVariables.Names.Contains(name)
            ? throw new FormatException(
                $"systemd gives {name} another value at each start; write $${name} for the text"
            )
        : Manager.GetValueOrDefault(name);

    /// <summary>All that are set and whose names begin so, by name; without those that systemd sets for each
    /// start.</summary>
    /// <exception cref="FormatException">One is set to what is known at a start alone.</exception>
    public IEnumerable<(string Name, string Value)> Begin(string prefix)
    {
        foreach (
            string name in _own
                .Keys.Concat(_broken.Keys)
                .Concat(Manager.Keys)
                .Where(n => n.StartsWith(prefix, StringComparison.Ordinal) && !StartVariables.Names.Contains(n))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
        )
        {
            if (Find(name) is { } value)
            {
                yield return (name, value);
            }
        }
    }

    private IReadOnlyDictionary<string, string> Manager =>
        _manager ??= _host.Manager() ?? new Dictionary<string, string>();

    /// <summary>Words of an assignment; what is none systemd passes over, and says so when the unit is
    /// verified.</summary>
    private static IReadOnlyList<string> Words(string text)
    {
        try
        {
            return QuadletWords.Escaped(text);
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private void Assign(string name, string value, Func<string, string> specified)
    {
        try
        {
            _own[name] = specified(value);
            _broken.Remove(name);
        }
        catch (FormatException e)
        {
            _own.Remove(name);
            _broken[name] = e.Message;
        }
    }

    /// <summary>Reads a file, or all that a pattern names; with a dash in front it need not be there. A relative path
    /// systemd passes over.</summary>
    private void ReadFile(QuadletValue value, Func<string, string> specified)
    {
        bool mayLack = value.Text.StartsWith('-');
        try
        {
            string path = specified(mayLack ? value.Text[1..] : value.Text);
            if (!path.StartsWith('/'))
            {
                return;
            }

            _files.Add(value with { Text = path });
            string[] files = [.. EnvironmentFileText.Named(path, _host.Inside)];
            if (files.Length == 0 && !mayLack)
            {
                throw new FormatException($"the host has no {path}");
            }

            foreach (
                (string name, string text) in files.SelectMany(f =>
                    EnvironmentFileText.Parse(BoundedFile.ReadText("/", _host.Inside(f), MaxBytes) ?? "")
                )
            )
            {
                _own[name] = text;
                _broken.Remove(name);
            }
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            if (!mayLack || e is FormatException)
            {
                _faults.Add((value.Place, $"EnvironmentFile= in [Service]: {e.Message}"));
            }
        }
    }
}
