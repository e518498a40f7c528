// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>The machine that the bench runs on, for what needs no booted host: <c>sysctr --root</c> on a directory of
/// the scratch.</summary>
sealed class BuildMachine : TestHost
{
    /// <inheritdoc/>
    public override Task<CommandResult> RunAsync(IReadOnlyList<string> commandLine, TimeSpan? timeout = null) =>
        Command.RunAsync([.. CleanEnvironment, .. commandLine], timeout ?? TimeSpan.FromMinutes(30));

    /// <inheritdoc/>
    public override Task RebootAsync() => throw new NotSupportedException("it is not the bench's to boot");

    /// <inheritdoc/>
    public override Task PowerCutAsync() => throw new NotSupportedException("it is not the bench's to cut");

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
