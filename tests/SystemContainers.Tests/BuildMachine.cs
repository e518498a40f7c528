// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using SystemContainers.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(BuildMachine))]

namespace SystemContainers.Tests;

/// <summary>
/// The peers and oracles that tests call are installed before the first test runs: a fresh machine has none of them.
/// <c>make unit</c> leaves the tests that need them out and says so by SYSCTR_UNIT: nothing is installed.
/// </summary>
public sealed class BuildMachine : IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("SYSCTR_UNIT") is not { Length: > 0 })
        {
            await Packages.EnsureAsync();
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
