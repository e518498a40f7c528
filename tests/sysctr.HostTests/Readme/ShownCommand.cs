// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

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

    /// <summary>Runs it; null where it does what is shown, else what it did instead.</summary>
    /// <param name="run">Runs a command line as whom the prompt says.</param>
    public async Task<string?> TryAsync(Func<string, string[], Task<CommandResult>> run)
    {
        // As on a terminal, where both are one.
        CommandResult result = await run("sh", ["-c", $"exec 2>&1\n{Line}"]);
        string[] printed = result.Output.Length == 0 ? [] : result.Output.TrimEnd('\n').Split('\n');
        return (result.ExitCode != 0) == IsRefused && (!ShowsOutput || ShownOutput.IsSame(Output, printed))
            ? null
            : $"{this}\n--- exit status {result.ExitCode}, it printed\n{result.Output}--- it is shown\n{string.Join('\n', Output)}\n";
    }

    public override string ToString() => $"{Place}: {Line}";
}
