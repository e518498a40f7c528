// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Systemd;
using Xunit;

namespace SystemContainers.Tests.Systemd;

/// <summary>What we rely on of a systemd, whichever: the fake one of the unit tests keeps it, and the real one of a
/// booted host.</summary>
static class SystemdContract
{
    private static readonly CancellationToken s_none = CancellationToken.None;

    /// <summary>All of it. Units are named <c>contract-*</c> and left stopped.</summary>
    public static async Task HoldAsync(IContractHost host)
    {
        await Variables_of_every_unit(host);
        await A_unit_that_is_not_there(host);
        await A_service_that_stays(host);
        await A_start_that_fails(host);
        await A_service_that_ends(host);
        await A_service_that_crashes(host);
        await Units_that_depend(host);
        await A_wait_that_is_cancelled(host);
    }

    private static async Task Variables_of_every_unit(IContractHost host) =>
        Assert.Contains("/usr/bin", (await host.Systemd.GetEnvironmentAsync(s_none))["PATH"], StringComparison.Ordinal);

    private static async Task A_unit_that_is_not_there(IContractHost host)
    {
        const string missing = "contract-missing.service";
        UnitStatus status = await host.Systemd.GetStatusAsync(missing, s_none);
        UnitState state = Assert.Single(await host.Systemd.GetStatesAsync([missing], s_none));

        Assert.Equal(("not-found", "inactive"), (status.LoadState, status.ActiveState));
        Assert.Equal((missing, "not-found", "inactive"), (state.Name, state.LoadState, state.ActiveState));
        Assert.Empty(await host.Systemd.GetFileStatesAsync([missing], s_none));
        SysctrException refused = await FailsAsync(host, host.Systemd.StartAsync(missing, s_none));
        Assert.Contains($"{missing} not found", refused.Message, StringComparison.Ordinal);
        await host.Systemd.StopAsync(missing, s_none);
        await host.Systemd.ResetFailedAsync(missing, s_none);
    }

    private static async Task A_service_that_stays(IContractHost host)
    {
        const string unit = "contract-stays.service";
        await PutAsync(host, new ContractService(unit));
        Assert.Equal("disabled", (await host.Systemd.GetFileStatesAsync([unit], s_none))[unit]);
        await host.Systemd.EnableAsync([unit], s_none);
        await host.Systemd.ReloadAsync(s_none);
        Assert.Equal("enabled", (await host.Systemd.GetFileStatesAsync([unit], s_none))[unit]);
        Assert.Equal("enabled", (await host.Systemd.GetStatusAsync(unit, s_none)).UnitFileState);

        await host.PassAsync(host.Systemd.StartAsync(unit, s_none));
        await host.Systemd.SettleAsync([unit], TimeSpan.Zero, mayEnd: false, s_none);
        UnitStatus running = await host.Systemd.GetStatusAsync(unit, s_none);
        Assert.Equal(
            ("loaded", "active", "success", "simple", 0u),
            (running.LoadState, running.ActiveState, running.Result, running.Type, running.Restarts)
        );
        Assert.Equal(
            ["active", "not-found"],
            [
                (await host.Systemd.GetStatesAsync([unit, "contract-missing.service"], s_none))[0].ActiveState,
                (await host.Systemd.GetStatesAsync([unit, "contract-missing.service"], s_none))[1].LoadState,
            ]
        );

        Assert.Equal(
            "active",
            (await host.Systemd.GetSettledStatusAsync(unit, TimeSpan.FromMinutes(1), s_none)).ActiveState
        );

        await host.Systemd.StopAsync(unit, s_none);
        Assert.Equal("inactive", (await host.Systemd.GetStatusAsync(unit, s_none)).ActiveState);
        await host.Systemd.DisableAsync([unit], s_none);
        await host.Systemd.ReloadAsync(s_none);
        Assert.Equal("disabled", (await host.Systemd.GetFileStatesAsync([unit], s_none))[unit]);
    }

    private static async Task A_start_that_fails(IContractHost host)
    {
        const string unit = "contract-fails.service";
        await PutAsync(host, new ContractService(unit, ContractProcess.Fails));

        SysctrException why = await FailsAsync(host, host.Systemd.StartTogetherAsync([unit], [], s_none));

        Assert.StartsWith($"starting {unit}: ", why.Message, StringComparison.Ordinal);
        Assert.Contains("(exit-code)", why.Message, StringComparison.Ordinal);
        Assert.Equal("failed", (await host.Systemd.GetStatesAsync([unit], s_none))[0].ActiveState);
        await host.Systemd.ResetFailedAsync(unit, s_none);
        Assert.Equal("inactive", (await host.Systemd.GetStatesAsync([unit], s_none))[0].ActiveState);
    }

    private static async Task A_service_that_ends(IContractHost host)
    {
        const string unit = "contract-ends.service";
        await PutAsync(host, new ContractService(unit, ContractProcess.Ends));
        await host.Systemd.StartTogetherAsync([unit], [], s_none);

        await host.PassAsync(host.Systemd.SettleAsync([unit], TimeSpan.FromSeconds(2), mayEnd: true, s_none));
        SysctrException why = await FailsAsync(
            host,
            host.Systemd.SettleAsync([unit], TimeSpan.FromSeconds(2), mayEnd: false, s_none)
        );

        Assert.Contains("instead of staying up", why.Message, StringComparison.Ordinal);
    }

    private static async Task A_service_that_crashes(IContractHost host)
    {
        const string unit = "contract-crashes.service";
        await PutAsync(host, new ContractService(unit, ContractProcess.Crashes));
        await host.Systemd.StartTogetherAsync([unit], [], s_none);

        // Told by systemd, not by the end of the time.
        SysctrException why = await FailsAsync(
            host,
            host.Systemd.SettleAsync([unit], Timeout.InfiniteTimeSpan, mayEnd: false, s_none)
        );

        Assert.Contains("(exit-code)", why.Message, StringComparison.Ordinal);
        await host.Systemd.ResetFailedAsync(unit, s_none);
    }

    private static async Task Units_that_depend(IContractHost host)
    {
        const string first = "contract-first.service";
        const string second = "contract-second.service";
        await PutAsync(
            host,
            new ContractService(first),
            new ContractService(second) { After = first, Requires = first }
        );

        await host.Systemd.StartTogetherAsync([second, first], [], s_none);
        Assert.Contains(first, (await host.Systemd.GetAfterAsync([second], s_none))[second]);
        Assert.Equal([second], await host.Systemd.GetRunningDependentsAsync([first], s_none));
        Assert.Empty(await host.Systemd.GetRunningDependentsAsync([second], s_none));

        await host.Systemd.StopTogetherAsync([first], s_none);
        Assert.All(
            await host.Systemd.GetStatesAsync([first, second], s_none),
            s => Assert.Equal("inactive", s.ActiveState)
        );
        Assert.Empty(await host.Systemd.GetRunningDependentsAsync([first], s_none));
    }

    private static async Task A_wait_that_is_cancelled(IContractHost host)
    {
        const string unit = "contract-stays.service";
        using CancellationTokenSource source = new();
        await host.Systemd.StartTogetherAsync([unit], [], s_none);
        Task settling = host.Systemd.SettleAsync([unit], Timeout.InfiniteTimeSpan, mayEnd: false, source.Token);
        Assert.False(settling.IsCompleted);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => settling);
        Assert.Equal("active", (await host.Systemd.GetStatesAsync([unit], s_none))[0].ActiveState);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Systemd.StopAsync(unit, source.Token));
        await host.Systemd.StopAsync(unit, s_none);
    }

    private static async Task PutAsync(IContractHost host, params ContractService[] services)
    {
        Array.ForEach(services, host.Put);
        await host.Systemd.ReloadAsync(s_none);
    }

    private static async Task<SysctrException> FailsAsync(IContractHost host, Task task)
    {
        SysctrException failure = await Assert.ThrowsAsync<SysctrException>(() => host.PassAsync(task));
        Assert.Equal(ErrorKind.Unit, failure.Kind);
        return failure;
    }
}
