// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.SystemdText;

/// <summary>A line of tmpfiles.d(5) as systemd-tmpfiles(8) understands it; <see cref="TmpfilesSyntax"/> reads it,
/// <see cref="ToString"/> writes it.</summary>
/// <param name="Number">Where it stood, from 1; 0 for a line of ours.</param>
/// <param name="Type">Its first letter: d makes a directory, C copies one.</param>
/// <param name="Modifiers">What follows the letter, such as <c>!</c> and <c>+</c>.</param>
/// <param name="Path">Absolute, normalized, specifiers expanded, /var/run as /run.</param>
sealed record TmpfilesLine(int Number, char Type, string Modifiers, string Path)
{
    /// <summary>What a field says that says nothing.</summary>
    public const string None = "-";

    private const string DirectoryTypes = "dDvqQ";

    /// <summary>Types whose path is a pattern (glob(7)).</summary>
    private const string PatternTypes = "weExXrRzZmtThHaA";

    /// <summary>Types whose argument is unescaped, and has specifiers (specifier_expansion_from_arg in
    /// src/tmpfiles/tmpfiles.c).</summary>
    private const string EscapedTypes = "CLfFw";

    /// <summary>Permission bits, with <c>~</c> and <c>:</c> before them where they are there.</summary>
    public string Mode { get; init; } = None;

    /// <summary>A number or a name, with <c>:</c> before it where it counts for new things alone.</summary>
    public string User { get; init; } = None;

    /// <summary>The group, likewise.</summary>
    public string Group { get; init; } = None;

    /// <summary>When what is in it is removed.</summary>
    public string Age { get; init; } = None;

    /// <summary>The last field, unescaped where systemd does that; null where there is none.</summary>
    public string? Argument { get; init; }

    /// <summary>Why systemd would not take the line; null for a good one. Then nothing else of it counts.</summary>
    public string? Error { get; init; }

    /// <summary>It makes a directory.</summary>
    public bool IsDirectory => DirectoryTypes.Contains(Type, StringComparison.Ordinal);

    /// <summary>The path is a pattern.</summary>
    public bool IsPattern => PatternTypes.Contains(Type, StringComparison.Ordinal);

    /// <summary>The path is a pattern that has more than plain text.</summary>
    public bool HasPattern => IsPattern && Path.AsSpan().IndexOfAny("*?[{\\") >= 0;

    /// <summary>The argument is base64, which is not unescaped.</summary>
    public bool IsBase64 => Modifiers.Contains('~', StringComparison.Ordinal);

    /// <summary>Permission bits as a number; null where the line has none.</summary>
    public int? ModeBits =>
        Mode.TrimStart('~', ':') is { Length: > 0 and < 6 } digits && digits.All(c => c is >= '0' and <= '7')
            ? Convert.ToInt32(digits, 8) & 0xfff
            : null;

    /// <summary>The line with other permission bits.</summary>
    public TmpfilesLine WithMode(int bits) => this with { Mode = Convert.ToString(bits, 8).PadLeft(4, '0') };

    internal static bool IsEscaped(char type) => EscapedTypes.Contains(type, StringComparison.Ordinal);

    /// <summary>The line for a file, without its end: quoted and escaped so that systemd reads just this.</summary>
    public override string ToString()
    {
        string fields = $"{Type}{Modifiers} {Word(Percent(Path))} {Word(Mode)} {Word(User)} {Word(Group)} {Word(Age)}";
        return $"{fields} {(Argument is null ? None : IsEscaped(Type) && !IsBase64 ? Escaped(Percent(Argument)) : Argument)}";
    }

    private static string Percent(string text) => text.Replace("%", "%%", StringComparison.Ordinal);

    private static string Word(string text) =>
        text.Length > 0 && text.AsSpan().IndexOfAny(" \t\"\\'") < 0
            ? text
            : '"'
                + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                + '"';

    /// <summary>The last field is the rest of the line as it stands: no quotes there, but escapes (cunescape in
    /// src/basic/escape.c).</summary>
    private static string Escaped(string text)
    {
        StringBuilder escaped = new();
        for (int i = 0; i < text.Length; i++)
        {
            bool isEdge = i == 0 || i == text.Length - 1;
            _ = text[i] switch
            {
                '\\' => escaped.Append("\\\\"),
                < ' ' or '\x7f' => escaped.Append($"\\x{(int)text[i]:x2}"),
                ' ' when isEdge => escaped.Append("\\x20"),
                '-' when text.Length == 1 => escaped.Append("\\x2d"),
                _ => escaped.Append(text[i]),
            };
        }

        return escaped.ToString();
    }
}
