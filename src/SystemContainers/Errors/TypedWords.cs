// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace SystemContainers.Errors;

/// <summary>Commands of ours that a text tells to type, in quotes: <c>'sysctr start web' starts it</c>.</summary>
static class TypedWords
{
    private const string Command = "'sysctr ";

    /// <summary>Verbs that are about the caller, whichever host the call is about.</summary>
    private static readonly string[] s_callers = ["login", "logout", "list-tags"];

    /// <summary>The options that name the host of a call; null where none is needed.</summary>
    /// <param name="root">The host's root directory.</param>
    /// <param name="isUser">Whether the call was about a user's containers.</param>
    public static string? OptionsOf(string root, bool isUser) =>
        isUser ? "--user"
        : root == "/" ? null
        : $"--root {(root.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+:".Contains(c)) ? root : $"\"{root}\"")}";

    /// <summary>A text of ours as who called can type what it tells: each command is about the host that the call was
    /// about. One that has options of its own in front of its verb stays as it is.</summary>
    /// <param name="options">As <see cref="OptionsOf"/> has them.</param>
    /// <param name="text">The text; null stays null.</param>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? For(string? options, string? text)
    {
        if (options is null || text is null)
        {
            return text;
        }

        StringBuilder told = new(text.Length);
        int from = 0;
        while (text.IndexOf(Command, from, StringComparison.Ordinal) is >= 0 and int at)
        {
            int verb = at + Command.Length;
            told.Append(text, from, verb - from);
            ReadOnlySpan<char> rest = text.AsSpan(verb);
            if (rest is not ['-', ..] && !(options != "--user" && IsCallers(rest)))
            {
                told.Append(options).Append(' ');
            }

            from = verb;
        }

        return told.Append(text, from, text.Length - from).ToString();
    }

    private static bool IsCallers(ReadOnlySpan<char> words)
    {
        int end = words.IndexOfAny(' ', '\'');
        string verb = words[..(end < 0 ? words.Length : end)].ToString();
        return s_callers.Contains(verb, StringComparer.Ordinal);
    }
}
