using Xunit;

namespace SystemContainers.HostTests.Faults;

/// <summary>The same on a booted host, whose service runs: what systemd knows and runs is part of the state.</summary>
public sealed class BootedFaultTests(SweepHost host) : IClassFixture<SweepHost>
{
    public static TheoryData<string> Operations => OfflineKillTests.Operations;

    [Theory]
    [MemberData(nameof(Operations))]
    public Task A_kill_at_any_step_leaves_the_old_or_the_new_state(string operation) => host.SweepAsync("booted", "kill", operation);

    [Theory]
    [InlineData("install")]
    [InlineData("update")]
    [InlineData("rollback")]
    [InlineData("uninstall")]
    public Task An_interruption_at_any_tenth_step_ends_in_the_old_or_the_new_state_and_says_which(string operation) =>
        host.SweepAsync("booted", "int", operation, every: 10);
}
