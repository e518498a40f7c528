// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Demo;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>The main promise, end to end.</summary>
public sealed class BootOrderTests
{
    /// <summary>The demo proves order and readiness across a reboot; a proof that fails is in its output.</summary>
    [Fact]
    public async Task All_proofs_of_the_demo_hold() => Assert.Equal(0, await BootOrderDemo.RunAsync());
}
