// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Templates;

namespace SystemContainers.Lint.Json;

/// <summary>Collects what the checks find.</summary>
/// <param name="prefix">What stands before a path of the image in messages: the directory that was named, or
/// nothing.</param>
sealed partial class LintFindings(string prefix)
{
    private readonly HashSet<LintMessage> _messages = [];

    /// <summary>Every finding once, by file and line.</summary>
    public IReadOnlyList<LintMessage> Sorted =>
        [
            .. _messages
                .OrderBy(m => m.File, StringComparer.Ordinal)
                .ThenBy(m => m.Line)
                .ThenBy(m => m.Column)
                .ThenBy(m => m.Severity)
                .ThenBy(m => m.Text, StringComparer.Ordinal),
        ];

    /// <summary>Whether something was found that prevents an installation.</summary>
    public bool HasErrors => _messages.Any(m => m.Severity == LintSeverity.Error);

    /// <summary>Whether such a thing was found in a file of the image.</summary>
    public bool HasErrorsIn(string path) =>
        _messages.Any(m => m.Severity == LintSeverity.Error && m.File == prefix + path);

    public void Error(string path, TextPosition at, string text) => Add(path, at, LintSeverity.Error, text);

    public void Warning(string path, TextPosition at, string text) => Add(path, at, LintSeverity.Warning, text);

    public void Note(string path, TextPosition at, string text) => Add(path, at, LintSeverity.Note, text);

    /// <summary>What another room refuses; <paramref name="lines"/> leads from a rendered text to its
    /// template.</summary>
    public void Refused(SysctrException refusal, string otherwise, LineMap? lines = null)
    {
        Match place = Place().Match(refusal.Fault?.Place ?? otherwise);
        TextPosition at = place.Groups["line"].Success
            ? new TextPosition(Number(place.Groups["line"]), Number(place.Groups["column"]))
            : new TextPosition(1, 1);
        Error(place.Groups["path"].Value, lines?.ToTemplate(at) ?? at, refusal.Fault?.Reason ?? refusal.Message);
    }

    private void Add(string path, TextPosition at, LintSeverity severity, string text) =>
        _messages.Add(new LintMessage(prefix + path, at.Line, at.Column, severity, text.ReplaceLineEndings(" ")));

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    // Some places say more than the file: "/exports/manifest.json (renameFiles /etc/x):1:2".
    [GeneratedRegex(
        @"\A(?<path>.*?)(?: \([^()]*\))?(?::(?<line>\d{1,9}):(?<column>\d{1,9}))?\z",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Place();
}
