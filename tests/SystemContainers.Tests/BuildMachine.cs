// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using SystemContainers.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(BuildMachine))]

namespace SystemContainers.Tests;

/// <summary>The peers and oracles that tests call are installed before the first test runs: a fresh machine has none of them.</summary>
public sealed class BuildMachine : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await Packages.EnsureAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
