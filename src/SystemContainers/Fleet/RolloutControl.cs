// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fleet.Etcd;
using SystemContainers.Systemd;
using SystemContainers.Target;

namespace SystemContainers.Fleet;

/// <summary>What a person does with a roll-out, from any machine that reaches etcd: look at it, and release what holds
/// it.</summary>
sealed class RolloutControl : IDisposable
{
    private readonly FleetSemaphore _semaphore;

    private RolloutControl(FleetSemaphore semaphore) => _semaphore = semaphore;

    /// <summary>Opens the roll-out that is named, or that sysctr.toml below <paramref name="root"/> names.</summary>
    /// <exception cref="SysctrException">Usage: none is named.</exception>
    public static RolloutControl Open(string root, string? named)
    {
        SysctrConfiguration configuration = SysctrConfiguration.Load(new HostPaths(root));
        string wanted =
            named
            ?? configuration.Lock
            ?? throw new SysctrException(
                ErrorKind.Usage,
                "which roll-out?",
                $"say --lock etcd:HOST:PORT/KEY, or set lock in {SysctrConfiguration.Path}"
            );
        return new RolloutControl(
            FleetSemaphore.Open(LockReference.Parse(wanted), configuration.EtcdOver(Environment.GetEnvironmentVariable))
        );
    }

    /// <summary>The hosts that are not through, in the order in which they came.</summary>
    public async Task<IReadOnlyList<RolloutReport>> ListAsync(CancellationToken cancellation) =>
        [
            .. (await _semaphore.ReadAsync(cancellation)).Hosts.Select(h => new RolloutReport(
                h.Record.Host,
                h.Id,
                h.Record.State,
                h.Lease is not null,
                h.Holds,
                h.Record.Since,
                h.Record.Reason
            )),
        ];

    /// <summary>Releases hosts that hold the roll-out: what they are in is no longer waited for.</summary>
    /// <param name="hosts">Names or IDs; empty for all that hold it.</param>
    /// <param name="note">Told of each.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="SysctrException">NotFound: no such host holds it. Conflict: it is at work.</exception>
    public async Task ReleaseAsync(IReadOnlyList<string> hosts, Action<string> note, CancellationToken cancellation)
    {
        Rollout rollout = await _semaphore.ReadAsync(cancellation);
        RolloutHost[] released =
            hosts.Count == 0 ? [.. rollout.Holders] : [.. hosts.Select(h => Find(rollout, h)).Distinct()];
        if (released.Length == 0)
        {
            note($"{_semaphore.Reference}: nothing holds it");
        }

        foreach (RolloutHost host in released)
        {
            if (!await _semaphore.TryReleaseAsync(host, cancellation))
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"releasing {host.Record.Host}: it has begun anew meanwhile",
                    "see 'sysctr rollout status'"
                );
            }

            note($"{host.Record.Host}: released ({host.WhyHeld})");
        }
    }

    public void Dispose() => _semaphore.Dispose();

    private RolloutHost Find(Rollout rollout, string named)
    {
        RolloutHost[] found = [.. rollout.Hosts.Where(h => h.Id == named || h.Record.Host == named)];
        return found switch
        {
            [] => throw new SysctrException(
                ErrorKind.NotFound,
                $"releasing {named}: {_semaphore.Reference} knows no such host",
                "see 'sysctr rollout status'"
            ),
            [{ Holds: false }] => throw new SysctrException(
                ErrorKind.Conflict,
                $"releasing {named}: it does not hold the roll-out, it is at work or waits",
                "end sysctr on that host instead"
            ),
            [{ } one] => one,
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"releasing {named}: several hosts have this name",
                $"give an ID: {string.Join(", ", found.Select(h => h.Id))}"
            ),
        };
    }
}
