// SPDX-License-Identifier: Apache-2.0

using Xunit;

namespace SystemContainers.HostTests.Faults;

/// <summary>
/// The same for an unprivileged user's container, whose service runs in the user's systemd: in a namespace, with a
/// store of several owners in the home directory. Every few steps, for time's sake; sweep.py by hand tries all.
/// </summary>
public sealed class UserFaultTests(SweepHost host) : IClassFixture<SweepHost>
{
    /// <summary>A prime: of steps that come again for each file, every one is hit sooner or later.</summary>
    private const int Every = 11;

    public static TheoryData<string, string> Cuts =>
        new()
        {
            { "kill", "install" },
            { "kill", "update" },
            { "kill", "uninstall" },
            { "enospc", "install" },
        };

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_users_container_broken_at_a_step_is_left_old_or_new(string cut, string operation)
    {
        SweepResult result = await host.SweepAsync("user", cut, operation, Every);

        Assert.InRange(result.Points, 10, 200);
        Assert.InRange(result.Old, 1, result.Points);
    }
}
