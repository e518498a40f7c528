// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;
using SystemContainers.Systemd;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Systemd;

public sealed class UnitWellnessTests
{
    // A service that crashes again and again is in one of the first four states, whenever it is looked at.
    [Theory]
    [InlineData("active", "success", 3, true, "the Restart= of x.service had started it again 3 times")]
    [InlineData("activating", "exit-code", 1, true, "the Restart= of x.service had started it again once")]
    [InlineData("reloading", "success", 3, true, "the Restart= of x.service had started it again 3 times")]
    [InlineData(
        "failed",
        "exit-code",
        5,
        true,
        "x.service had failed (exit-code), after its Restart= had started it again 5 times"
    )]
    [InlineData("active", "success", 0, true, null)]
    [InlineData("inactive", "success", 0, false, null)]
    // Somebody's stop, which ended badly.
    [InlineData("failed", "exit-code", 0, false, "x.service had failed (exit-code)")]
    public void Whether_a_unit_is_wanted_does_not_depend_on_the_moment(
        string state,
        string result,
        uint restarts,
        bool wanted,
        string? trouble
    ) =>
        Assert.Equal(
            new UnitWellness(wanted, trouble),
            UnitWellness.Judge(
                new UnitStatus
                {
                    Name = "x.service",
                    LoadState = "loaded",
                    ActiveState = state,
                    Result = result,
                    Restarts = restarts,
                }
            )
        );

    /// <summary>What a Restart= starts again is asked about when systemd tells that it is there.</summary>
    [Fact]
    public async Task Between_two_lives_it_is_looked_at_when_systemd_tells_of_it()
    {
        FakeTimeProvider clock = new();
        using FakeSystemd systemd = new(clock);
        systemd["app.service"].ActiveState = "deactivating";
        Task<UnitWellness> asked = UnitWellness.OfAsync(systemd, "app.service", CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal((false, 1), (asked.IsCompleted, systemd.Looks));

        systemd.Change("app.service", u => (u.ActiveState, u.Restarts) = ("activating", 1));

        Assert.Equal(
            new UnitWellness(true, "the Restart= of app.service had started it again once"),
            await asked.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
        );
        Assert.Equal(2, systemd.Looks);
    }

    [Fact]
    public async Task One_that_somebody_stops_for_long_is_not_waited_for()
    {
        FakeTimeProvider clock = new();
        using FakeSystemd systemd = new(clock);
        systemd["app.service"].ActiveState = "deactivating";
        Task<UnitWellness> asked = UnitWellness.OfAsync(systemd, "app.service", CancellationToken.None);

        clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(
            new UnitWellness(false, null),
            await asked.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
        );
    }
}
