// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;

namespace SystemContainers.Errors;

/// <summary>Commands of ours that a text tells to type, in quotes: <c>'sysctr start web' starts it</c>.</summary>
static class TypedWords
{
    private const string Command = "'sysctr ";

    private const string OfUser = "'sysctr --user ";

    /// <summary>A text of ours as who called can type what it tells: a user's containers are named by
    /// <c>--user</c>.</summary>
    /// <param name="isUser">Whether the call was about a user's containers.</param>
    /// <param name="text">The text; null stays null.</param>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? For(bool isUser, string? text) =>
        isUser
            ? text
                ?.Replace(OfUser, Command, StringComparison.Ordinal)
                .Replace(Command, OfUser, StringComparison.Ordinal)
            : text;
}
