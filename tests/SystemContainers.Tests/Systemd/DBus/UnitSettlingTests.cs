// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using SystemContainers.Systemd;
using SystemContainers.Systemd.DBus;
using Xunit;

namespace SystemContainers.Tests.Systemd.DBus;

/// <summary>What is told of a service that did not stay up, and when.</summary>
public sealed class UnitSettlingTests
{
    private const string Unit = "probe.service";

    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly Channel<SystemdSignal> _signals = Channel.CreateUnbounded<SystemdSignal>();
    private int _looks;

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
        _signals.Writer.TryWrite(Signal(Unit));

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

    /// <summary>Nobody asks meanwhile, whatever else systemd tells of.</summary>
    [Fact]
    public async Task A_pipe_that_is_not_read_out_is_not_waited_for()
    {
        _signals.Writer.TryWrite(Signal("other.service"));
        Task<(UnitStatus Unit, string Result)?> settling = SettleAsync(null);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(settling.IsCompleted);
        int looks = _looks;

        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("failed", (await settling.WaitAsync(s_long, TestContext.Current.CancellationToken))?.Result);
        Assert.Equal((3, 3), (looks, _looks));
    }

    [Theory]
    [InlineData("active", 1)]
    [InlineData("deactivating", 3)]
    public async Task A_unit_is_looked_at_again_when_systemd_tells_of_it(string first, int looks)
    {
        Queue<UnitStatus> life = new([
            Status(first, "success"),
            Status("deactivating", "success"),
            Status("active", "success"),
        ]);
        Task<UnitStatus> asked = LookAsync(life);
        _signals.Writer.TryWrite(Signal("other.service"));
        _signals.Writer.TryWrite(Signal(Unit));

        Assert.Equal("active", (await asked.WaitAsync(s_long, TestContext.Current.CancellationToken)).ActiveState);
        Assert.Equal(looks, _looks);
    }

    [Fact]
    public async Task A_unit_of_which_systemd_tells_nothing_is_not_asked_about_again()
    {
        Task<UnitStatus> asked = LookAsync(null);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(asked.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(
            "deactivating",
            (await asked.WaitAsync(s_long, TestContext.Current.CancellationToken)).ActiveState
        );
        Assert.Equal(2, _looks);
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
    private Task<(UnitStatus Unit, string Result)?> SettleAsync(Queue<UnitStatus>? life, string pipe = "active") =>
        UnitSettling.AwaitAsync(
            Listen,
            (name, _) => Look(name == "sysctr-log-probe.socket" ? Status(pipe, "success") : Next(life)),
            [Unit],
            TimeSpan.Zero,
            mayEnd: false,
            _clock,
            TestContext.Current.CancellationToken
        );

    private Task<UnitStatus> LookAsync(Queue<UnitStatus>? life) =>
        UnitSettling.LookAsync(
            Listen,
            (_, _) => Look(Next(life)),
            Unit,
            TimeSpan.FromSeconds(5),
            _clock,
            TestContext.Current.CancellationToken
        );

    private Task<SignalQueue> Listen(CancellationToken cancellation) =>
        Task.FromResult(new SignalQueue(_signals.Reader, () => { }));

    private Task<UnitStatus> Look(UnitStatus found)
    {
        _looks++;
        return Task.FromResult(found);
    }

    private static UnitStatus Next(Queue<UnitStatus>? life) => life?.Dequeue() ?? Status("deactivating", "exit-code");

    private static SystemdSignal Signal(string unit) => new(SystemdConnection.PathOf(unit), "", JobResult: null);

    private static UnitStatus Status(string state, string result) =>
        new()
        {
            Name = Unit,
            LoadState = "loaded",
            ActiveState = state,
            Result = result,
        };
}
