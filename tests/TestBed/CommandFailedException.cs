// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>A command that had to succeed did not; the message carries all it said.</summary>
public sealed class CommandFailedException(CommandResult result)
    : Exception($"{result.CommandLine}\nended with exit code {result.ExitCode}:\n{result.All}")
{
    /// <summary>What the command gave.</summary>
    public CommandResult Result { get; } = result;
}
