// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Templates;

namespace SystemContainers.Quadlet.Values;

/// <summary>Directories that a unit makes itself before its payload starts: by <c>StateDirectory=</c> and its kin, or
/// by a program of <c>ExecStartPre=</c>.</summary>
static partial class MadeDirectories
{
    private const string Service = "Service";

    /// <summary>Keys whose names are below a directory of systemd's (systemd.exec(5)), by the specifier of
    /// that.</summary>
    private static readonly (string Key, char Place)[] s_keys =
    [
        ("StateDirectory", 'S'),
        ("CacheDirectory", 'C'),
        ("LogsDirectory", 'L'),
        ("RuntimeDirectory", 't'),
        ("ConfigurationDirectory", 'E'),
    ];

    private static readonly string[] s_programs = ["ExecCondition", "ExecStartPre"];

    /// <summary>Whether a unit makes a path, as far as its text tells: a program before the start names it, or what is
    /// below it.</summary>
    /// <param name="unit">The file.</param>
    /// <param name="path">Absolute, as the host sees it, and normal.</param>
    /// <param name="expansion">Of the file.</param>
    /// <param name="host">Where systemd's directories are.</param>
    public static bool Make(QuadletUnit unit, string path, QuadletExpansion expansion, QuadletHost host)
    {
        return s_keys.Any(k =>
                Texts(k.Key)
                    .SelectMany(Words)
                    // A link to it may follow a colon.
                    .Select(w => HostPath.Absolute($"{host.Specifiers[k.Place]}/{w.Split(':')[0]}"))
                    .Any(d => d == path || d.StartsWith(path + "/", StringComparison.Ordinal))
            ) || s_programs.SelectMany(Texts).Any(t => Names(Slashes().Replace(t, "/"), path));

        IEnumerable<string> Texts(string key) =>
            unit.All(Service, key).Select(v => Expanded(v.Text, expansion)).OfType<string>();
    }

    /// <summary>A value as systemd reads it; null where it is not known before the start.</summary>
    private static string? Expanded(string text, QuadletExpansion expansion)
    {
        try
        {
            return expansion.Word(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static IReadOnlyList<string> Words(string text)
    {
        try
        {
            return QuadletWords.Plain(text);
        }
        catch (FormatException)
        {
            // systemd tells it when the unit is verified.
            return [];
        }
    }

    [GeneratedRegex("/{2,}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex Slashes();

    /// <summary>Whether a command has the path, what is below it, or several of its directory that a shell takes apart:
    /// <c>/srv/{a,b}</c>.</summary>
    private static bool Names(string command, string path)
    {
        for (int at = 0; (at = command.IndexOf(path, at, StringComparison.Ordinal)) >= 0; at++)
        {
            int end = at + path.Length;
            if (
                end == command.Length
                || !(char.IsAsciiLetterOrDigit(command[end]) || command[end] is '-' or '_' or '.')
            )
            {
                return true;
            }
        }

        return command.Contains(Path.GetDirectoryName(path) + "/{", StringComparison.Ordinal);
    }
}
