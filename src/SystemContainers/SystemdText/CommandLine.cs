// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using SystemContainers.Errors;

namespace SystemContainers.SystemdText;

/// <summary>
/// The one writer of what stands in units of ours: words of a command (systemd.service(5), "Command lines") and plain
/// values (systemd.syntax(7)). What is written is read as it was, whatever is in it; what can't be is refused.
/// </summary>
static class CommandLine
{
    /// <summary>Means nothing in any place of a word.</summary>
    private static readonly SearchValues<char> s_plain = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.:=@,+-"
    );

    /// <summary>A command of a unit.</summary>
    /// <param name="words">The program and its arguments.</param>
    /// <exception cref="SysctrException">Template: a word has a control character.</exception>
    public static string Of(params IEnumerable<string> words) =>
        string.Join(' ', words.Select((w, at) => at == 0 ? Unexpanded(w) : Word(w)));

    /// <summary>Arguments alone, behind a command.</summary>
    /// <param name="words">At least one.</param>
    /// <exception cref="SysctrException">Template: a word has a control character.</exception>
    public static string Arguments(params IEnumerable<string> words) => string.Join(' ', words.Select(w => Word(w)));

    /// <summary>A word in which systemd looks for specifiers and for no variables: the program of a command
    /// (systemd.service(5): it can't be a variable, and <c>$$</c> stays as it is), a device.</summary>
    /// <exception cref="SysctrException">Template: a control character.</exception>
    public static string Unexpanded(string text) =>
        Quoted(Checked(text).Replace("%", "%%", StringComparison.Ordinal), "");

    /// <summary>A command for a property that systemd-run(1) gets: its words are unquoted and have variables, but no
    /// specifiers.</summary>
    /// <param name="words">As above.</param>
    /// <exception cref="SysctrException">Template: a word has a control character.</exception>
    public static string Transient(params IEnumerable<string> words) =>
        string.Join(
            ' ',
            words.Select(
                (w, at) => Quoted(at == 0 ? Checked(w) : Checked(w).Replace("$", "$$", StringComparison.Ordinal), "")
            )
        );

    /// <param name="text">What the program gets.</param>
    /// <param name="suffix">What follows in the same word and is systemd's to expand, such as <c>%i.pid</c>: ours,
    /// never somebody's value.</param>
    /// <exception cref="SysctrException">Template: a control character.</exception>
    public static string Word(string text, string suffix = "") =>
        Quoted(
            Checked(text).Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal),
            suffix
        );

    /// <summary>The value of a setting that takes a text or one path, where nothing is unquoted but specifiers are
    /// expanded.</summary>
    /// <exception cref="SysctrException">Template: a control character, blanks at an end, or a backslash that would
    /// join the line with the next.</exception>
    public static string Value(string text) =>
        Checked(text) is [.., '\\'] || text.Trim(' ', '\t') != text
            ? throw Refused(text, "begins or ends with what a line of a unit can't")
            : text.Replace("%", "%%", StringComparison.Ordinal);

    /// <exception cref="SysctrException">Template: a control character.</exception>
    public static string Comment(string text) => Checked(text).TrimEnd('\\');

    private static string Quoted(string text, string suffix) =>
        text.Length + suffix.Length > 0 && !text.AsSpan().ContainsAnyExcept(s_plain)
            ? text + suffix
            : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}{suffix}\"";

    private static string Checked(string text) =>
        text.Any(char.IsControl) ? throw Refused(text, "has a control character such as a line break") : text;

    private static SysctrException Refused(string text, string why) =>
        new(
            ErrorKind.Template,
            $"writing a unit: '{new string([.. text.Take(100).Select(c => char.IsControl(c) ? '?' : c)])}' {why}",
            "what stands in a unit is one line"
        );
}
