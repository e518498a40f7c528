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
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly QuadletHost _host;
    private IReadOnlyDictionary<string, string>? _manager;

    private QuadletVariables(QuadletHost host) => _host = host;

    /// <summary>Files that could not be read: the unit would not start without them.</summary>
    public IReadOnlyList<(QuadletPlace Place, string Text)> Faults => _faults;

    /// <summary>Reads what [Service] of a file says.</summary>
    /// <param name="unit">The file.</param>
    /// <param name="host">Where it is for.</param>
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
        : (_manager ??= _host.Manager() ?? new Dictionary<string, string>()).GetValueOrDefault(name);

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

            string[] files = [.. Named(path)];
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

    /// <summary>The files of the host that a path with patterns in its last part (glob(7)) names.</summary>
    private IEnumerable<string> Named(string path)
    {
        string directory = Path.GetDirectoryName(path) ?? "/";
        string name = Path.GetFileName(path);
        if (path.AsSpan().IndexOfAny("*?[") < 0)
        {
            return Path.Exists(_host.Inside(path)) ? [path] : [];
        }

        if (directory.AsSpan().IndexOfAny("*?[") >= 0 || name.Contains('[', StringComparison.Ordinal))
        {
            throw new FormatException(
                $"{path} has a pattern that is not read here; there are * and ? in a file's name"
            );
        }

        string here = _host.Inside(directory);
        return !Directory.Exists(here)
            ? []
            : Directory
                .GetFiles(here)
                .Select(f => Path.GetFileName(f))
                .Where(f =>
                    System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(name, f, ignoreCase: false)
                    && (name[0] == '.' || f[0] != '.')
                )
                .Order(StringComparer.Ordinal)
                .Select(f => Path.Join(directory, f));
    }
}
