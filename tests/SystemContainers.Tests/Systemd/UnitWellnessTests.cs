// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd;
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
}
