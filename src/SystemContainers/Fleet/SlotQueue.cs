// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fleet.Etcd;

namespace SystemContainers.Fleet;

/// <summary>A host that waits for its turn in a roll-out.</summary>
/// <param name="semaphore">The roll-out's.</param>
/// <param name="id">The host, by <see cref="MachineId"/>.</param>
/// <param name="hostName">Its name, for people.</param>
/// <param name="note">Told what is waited for.</param>
sealed class SlotQueue(FleetSemaphore semaphore, string id, string hostName, Action<string> note) : IAsyncDisposable
{
    // A change is told at once; this only is for a watch that has gone silent, which must not take longer than a lease.
    private readonly TimeSpan _look = TimeSpan.FromSeconds(
        Math.Min(20, semaphore.Reference.TimeToLive.TotalSeconds / 2)
    );

    /// <summary>So many leases in a row may end before they are used: then it is no etcd, or one that takes
    /// none.</summary>
    private const int MostEnded = 5;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private EtcdLease? _lease;
    private string? _told;
    private long _heard;
    private int _ended;

    /// <summary>Waits for a slot; one that this host has already, from before a crash or a failure, is its
    /// own.</summary>
    /// <param name="limit">For how long; null without end.</param>
    /// <param name="cancellation">Ends the wait; the place in the queue is given up.</param>
    /// <exception cref="SysctrException">Locked: the roll-out is held, or the time is over. Unreachable: etcd does not
    /// answer.</exception>
    public async Task<FleetSlot> EnterAsync(TimeSpan? limit, CancellationToken cancellation)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            TimeSpan left = limit - TimeSpan.FromMilliseconds(Environment.TickCount64 - start) ?? _look;
            if (left < -2 * _look)
            {
                throw new SysctrException(
                    ErrorKind.Locked,
                    $"taking a slot of {semaphore.Reference}: it has changed too often for too long",
                    "try again later; 'sysctr rollout status' shows who is at it"
                );
            }

            try
            {
                if (await TryEnterAsync(left < _look ? left : _look, cancellation) is { } slot)
                {
                    _lease = null;
                    return slot;
                }
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.NotFound && _lease is not null && _ended < MostEnded)
            {
                // The lease ended before it was used; the next turn asks for another.
                _ended++;
                await LeaveAsync();
                await Task.Delay(s_pause, cancellation);
            }
            catch (SysctrException e)
                when (e.Kind == ErrorKind.Unreachable
                    && _heard > 0
                    && Silence < semaphore.Reference.TimeToLive
                    && left > -_look
                )
            {
                Tell($"{e.Message}; trying again");
                await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            }
        }
    }

    public ValueTask DisposeAsync() => LeaveAsync();

    private TimeSpan Silence => TimeSpan.FromMilliseconds(Environment.TickCount64 - _heard);

    private async Task<FleetSlot?> TryEnterAsync(TimeSpan left, CancellationToken cancellation)
    {
        if (_lease is { IsLost: true })
        {
            await LeaveAsync();
        }

        Rollout rollout = await semaphore.ReadAsync(cancellation);
        _heard = Environment.TickCount64;
        RolloutHost? own = rollout.Find(id);
        if (rollout.Holders.FirstOrDefault(h => h.Id != id) is { } holder)
        {
            throw new SysctrException(
                ErrorKind.Locked,
                $"taking a slot of {semaphore.Reference}: the roll-out is held: {holder.WhyHeld}",
                $"see to that host, then update it again there, or go on without it: {semaphore.ReleaseCommand(holder)}"
            );
        }

        _lease ??= await EtcdLease.GrantAsync(semaphore.Etcd, semaphore.Reference.TimeToLive, cancellation);
        if (own is null || own.Lease != _lease.Id)
        {
            if (own is { Lease: not null } && own.Record.Host != hostName)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"taking a slot of {semaphore.Reference}: {own.Record.Host} is there with the same machine ID as this host",
                    "give each its own: remove /etc/machine-id on the copy, systemd-machine-id-setup, reboot"
                );
            }

            if (own is not null && own.Record.State != SlotState.Waiting)
            {
                Tell(
                    $"{semaphore.Reference}: going on with the slot that this host has had since {own.Record.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z"
                );
            }

            await PauseUnlessAsync(
                await semaphore.TryEnqueueAsync(rollout, id, hostName, _lease.Id, cancellation),
                cancellation
            );
            return null;
        }

        if (own.Record.State != SlotState.Waiting)
        {
            return new FleetSlot(semaphore, _lease, own, note);
        }

        IReadOnlyList<RolloutHost> before = rollout.Before(own);
        if (before.Count < semaphore.Reference.Slots)
        {
            // Whatever comes of it is read in the next turn.
            await PauseUnlessAsync(await semaphore.TryTakeAsync(rollout, own, cancellation), cancellation);
            return null;
        }

        string updating = string.Join(
            ", ",
            before.Where(h => h.Record.State != SlotState.Waiting).Select(h => h.Record.Host)
        );
        if (left <= TimeSpan.Zero)
        {
            throw new SysctrException(
                ErrorKind.Locked,
                $"taking a slot of {semaphore.Reference}: others had them for too long: {updating}",
                "try again later, or with a longer --lock-timeout"
            );
        }

        int waiting = before.Count(h => h.Record.State == SlotState.Waiting);
        _ended = 0;
        Tell($"waiting for a slot of {semaphore.Reference}: {updating} updating, {waiting} waiting before this host");
        await semaphore.WaitForChangeAsync(rollout, left, cancellation);
        return null;
    }

    /// <summary>Where many come at once each of them changes what the others have read; an etcd that says so for ever
    /// is not asked without a breath in between.</summary>
    private static Task PauseUnlessAsync(bool succeeded, CancellationToken cancellation) =>
        succeeded ? Task.CompletedTask : Task.Delay(s_pause, cancellation);

    private void Tell(string what)
    {
        if (_told != what)
        {
            note(what);
            _told = what;
        }
    }

    /// <summary>Ends the lease, and what is bound to it with it.</summary>
    private async ValueTask LeaveAsync()
    {
        if (_lease is { } lease)
        {
            _lease = null;
            await lease.DisposeAsync();
        }
    }
}
