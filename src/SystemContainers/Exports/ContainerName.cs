// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Exports;

/// <summary>
/// The name of a container. It names the unit, the runtime's container, and directories, so it keeps to what all of
/// them take: letters, digits, <c>_ . + -</c>, no dot or dash in front, 200 characters at most.
/// </summary>
static class ContainerName
{
    private const int MaxLength = 200;
    private const string ServiceSuffix = ".service";

    private static readonly SearchValues<char> s_allowed = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-"
    );

    /// <summary>Whether <paramref name="name"/> is one.</summary>
    public static bool IsValid(string name) => Complaint(name) is null;

    /// <summary>The container's name, where its service's was typed; other texts as they are.</summary>
    public static string OfUnit(string text) =>
        text.EndsWith(ServiceSuffix, StringComparison.Ordinal) && text.Length > ServiceSuffix.Length
            ? text[..^ServiceSuffix.Length]
            : text;

    /// <summary>Gives <paramref name="name"/> back if it is one.</summary>
    /// <exception cref="SysctrException">Usage: it is not.</exception>
    public static string Check(string name) =>
        Complaint(name) is not { } complaint
            ? name
            : throw new SysctrException(
                ErrorKind.Usage,
                $"the container name '{name.ReplaceLineEndings(" ")}' can't be used: {complaint}",
                "give another one with --name"
            );

    private static string? Complaint(string name) =>
        name.Length == 0 ? "it is empty"
        : name.Length > MaxLength ? $"it has more than {MaxLength} characters"
        : name == DirectoryNames.OfFileSystem ? "it is what e2fsck(8) makes in every file system"
        : name[0] is '.' or '-' or '+' ? $"it begins with '{name[0]}'"
        : name.AsSpan().ContainsAnyExcept(s_allowed) ? "only letters, digits and _ . + - are allowed"
        : null;
}
