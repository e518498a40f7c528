// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd;
using SystemContainers.Systemd.DBus;
using Xunit;

namespace SystemContainers.Tests.Systemd.DBus;

/// <summary>What is told of a service that did not stay up, and when.</summary>
public sealed class UnitSettlingTests
{
    private const string Unit = "probe.service";

    /// <summary>The journal has a payload's last words only then; and the next life, if there is one, is not waited
    /// for.</summary>
    [Theory]
    [InlineData("activating")]
    [InlineData("failed")]
    public async Task A_failure_is_told_when_what_was_written_by_path_is_in_the_journal(string next)
    {
        Queue<UnitStatus> life = new([
            Status("deactivating", "exit-code"),
            Status("deactivating", "exit-code"),
            Status(next, "exit-code"),
            Status("active", "success"),
        ]);

        (UnitStatus Unit, string Result)? found = await SettleAsync(life);

        Assert.Equal(("failed", "exit-code"), (found!.Value.Result, found.Value.Unit.Result));
        Assert.Single(life);
    }

    [Theory]
    [InlineData("failed", "exit-code", "failed")]
    [InlineData("active", "success", null)]
    public async Task What_is_over_or_well_is_looked_at_once(string state, string result, string? failure)
    {
        Queue<UnitStatus> life = new([Status(state, result), Status("deactivating", result)]);

        Assert.Equal(failure, (await SettleAsync(life))?.Result);
        Assert.Single(life);
    }

    [Trait("needs", "time")]
    [Fact]
    public async Task A_pipe_that_is_not_read_out_is_not_waited_for()
    {
        (UnitStatus Unit, string Result)? found = await SettleAsync(null)
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal("failed", found?.Result);
    }

    [Fact]
    public async Task Without_a_pipe_a_failure_is_told_at_once()
    {
        Queue<UnitStatus> life = new([Status("deactivating", "exit-code"), Status("deactivating", "exit-code")]);

        Assert.Equal("failed", (await SettleAsync(life, "inactive"))?.Result);
        Assert.Single(life);
    }

    /// <param name="life">How the unit is found, one time after the other; null where it never ends to end.</param>
    /// <param name="pipe">How its log pipe is found.</param>
    private static Task<(UnitStatus Unit, string Result)?> SettleAsync(
        Queue<UnitStatus>? life,
        string pipe = "active"
    ) =>
        UnitSettling.AwaitAsync(
            _ => throw new InvalidOperationException("nothing is listened for"),
            (name, _) =>
                Task.FromResult(
                    name == "sysctr-log-probe.socket"
                        ? Status(pipe, "success")
                        : life?.Dequeue() ?? Status("deactivating", "exit-code")
                ),
            [Unit],
            TimeSpan.Zero,
            mayEnd: false,
            TestContext.Current.CancellationToken
        );

    private static UnitStatus Status(string state, string result) =>
        new()
        {
            Name = Unit,
            LoadState = "loaded",
            ActiveState = state,
            Result = result,
        };
}
