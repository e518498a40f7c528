// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Templates;

/// <summary>A place in a text as editors count: line and column from 1, lines end at a line feed.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
readonly record struct TextPosition(int Line, int Column)
{
    /// <summary>The place of the character at <paramref name="index"/>.</summary>
    public static TextPosition Of(string text, int index)
    {
        ReadOnlySpan<char> before = text.AsSpan(0, index);
        return new TextPosition(before.Count('\n') + 1, index - before.LastIndexOf('\n'));
    }

    /// <summary><c>file:line:column</c>, as compilers write it.</summary>
    public string In(string file) => $"{file}:{Line}:{Column}";
}
