// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.HostTests.Readme;

/// <summary>A command that a text shows after a prompt, and what it shows below it.</summary>
/// <param name="Place">File and line, <c>README.md:37</c>.</param>
/// <param name="AsUser">Whether the prompt is a user's, <c>$</c>; else it is root's, <c>#</c>.</param>
/// <param name="Line">For the shell.</param>
/// <param name="Output">Lines, as they are shown.</param>
/// <param name="ShowsOutput">Whether its block shows any output: one that shows none leaves it out.</param>
sealed record ShownCommand(string Place, bool AsUser, string Line, IReadOnlyList<string> Output, bool ShowsOutput)
{
    /// <summary>Whether it is shown to be refused: by a line of an error.</summary>
    public bool IsRefused => Output.Any(l => l.StartsWith("sysctr: ", StringComparison.Ordinal));

    public override string ToString() => $"{Place}: {Line}";
}
