// SPDX-License-Identifier: Apache-2.0

using Xunit;

namespace SystemContainers.HostTests.Faults;

/// <summary>
/// The same on a booted host, whose service runs: what systemd knows and runs is part of the state. Each step around a
/// call to systemd is cut, and every fourth of those between, whose every one <see cref="OfflineKillTests"/> cuts;
/// sweep.py by hand tries all.
/// </summary>
public sealed class BootedFaultTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string> Operations => OfflineKillTests.Operations;

    [Theory]
    [MemberData(nameof(Operations))]
    public Task A_kill_leaves_the_old_or_the_new_state(string operation) =>
        host.SweepAsync("booted", "kill", operation, every: 4);

    [Theory]
    [InlineData("install")]
    [InlineData("update")]
    [InlineData("rollback")]
    [InlineData("uninstall")]
    public Task An_interruption_ends_in_the_old_or_the_new_state_and_says_which(string operation) =>
        host.SweepAsync("booted", "int", operation, every: 20);
}
