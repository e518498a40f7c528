// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>What a command gave; standard error and output are kept apart.</summary>
public sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>Output and error, for messages.</summary>
    public string All => string.Join('\n', new[] { Output.TrimEnd(), Error.TrimEnd() }.Where(s => s.Length > 0));

    /// <summary>Itself when the command succeeded.</summary>
    /// <exception cref="CommandFailedException">The exit code was not 0.</exception>
    public CommandResult MustSucceed() => ExitCode == 0 ? this : throw new CommandFailedException(this);
}
