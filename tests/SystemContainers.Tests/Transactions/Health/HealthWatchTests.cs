// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions.Health;
using Xunit;

namespace SystemContainers.Tests.Transactions.Health;

/// <summary>What is said of containers that were started and are well; the whole of a switch is in
/// SwitchTests.</summary>
public sealed class HealthWatchTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-watch-").FullName;
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeSystemd _systemd;
    private readonly Host _host;

    public HealthWatchTests()
    {
        _systemd = new FakeSystemd(_clock);
        _host = new Host(new HostTarget(_root), _systemd, static _ => { }, new HostOptions { Clock = _clock });
    }

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [InlineData("web.service", "active", "running")]
    [InlineData(
        "web.service",
        "inactive",
        "does not run: it has ended with success, or a condition of its unit does not hold"
    )]
    [InlineData("web.socket", "active", "waiting for its socket or timer")]
    public async Task It_is_said_how_each_is(string unit, string state, string words)
    {
        (_systemd[unit].IsThere, _systemd[unit].ActiveState) = (true, state);

        Task<StartOutcome> watch = new HealthWatch(
            _host,
            new StartPolicy { Settle = TimeSpan.FromSeconds(5) }
        ).AwaitAsync([(Record(unit), [unit])], mayEnd: true, TestContext.Current.CancellationToken);
        await _clock.PassAsync(watch);

        Assert.Equal(words, (await watch).Words("web"));
    }

    private static ContainerRecord Record(string unit) =>
        SampleRecord.Of("web") with
        {
            Runtime = "/bin/true",
            Units =
            [
                new InstalledFile($"/etc/systemd/system/{unit}", Digest.Sha256("unit"u8))
                {
                    Uid = Libc.geteuid(),
                    Gid = Libc.getegid(),
                },
            ],
        };
}
