// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fleet.Etcd;

namespace SystemContainers.Fleet;

/// <summary>A slot that this host has taken. <see cref="EndAsync"/> gives it back, or holds the roll-out when a change
/// failed.</summary>
sealed class FleetSlot(FleetSemaphore semaphore, EtcdLease lease, RolloutHost own, Action<string> note)
{
    private RolloutHost _own = own;
    private bool _begun;
    private bool _changed;
    private string? _failure;

    /// <summary>Changes the host, once etcd knows that it does. What fails in it holds the roll-out.</summary>
    /// <exception cref="SysctrException">Locked, Unreachable: the slot is lost; nothing was changed. Else of the
    /// change.</exception>
    public async Task SwitchAsync(Func<Task> change, CancellationToken cancellation)
    {
        if (_own.Record.State == SlotState.Preparing)
        {
            await BeginAsync(cancellation);
        }

        try
        {
            await change();
            _changed = true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _failure ??= e.Message.ReplaceLineEndings(" ");
            throw;
        }
    }

    /// <summary>
    /// To be called whatever happened. What this process began ends with it; what it found of an earlier one, and has
    /// not mended, goes on holding the roll-out.
    /// </summary>
    public async Task EndAsync()
    {
        if (_begun || _changed || _failure is not null)
        {
            await LeaveMarkAsync();
        }

        await lease.DisposeAsync();
    }

    /// <summary>The last moment at which a lost slot stops the update.</summary>
    private async Task BeginAsync(CancellationToken cancellation)
    {
        _begun = true;
        bool begun = await semaphore.TrySwitchAsync(_own, cancellation);
        RolloutHost? now = (await semaphore.ReadAsync(cancellation)).Find(_own.Id);
        if (now is null || now.Lease != lease.Id || (!begun && now.Record.State != SlotState.Switching))
        {
            throw new SysctrException(
                ErrorKind.Locked,
                $"updating with a slot of {semaphore.Reference}: it was lost before the update began; nothing was changed",
                "etcd has not heard of this host for too long, or somebody released its slot; try again"
            );
        }

        _own = now;
    }

    /// <summary>Takes the record away, or makes it one of a failure; goes on trying for as long as a lease
    /// lasts.</summary>
    private async Task LeaveMarkAsync()
    {
        long start = Environment.TickCount64;
        while (true)
        {
            string why = "others write its record";
            try
            {
                if (_failure is not null)
                {
                    await semaphore.HoldAsync(_own, _failure, CancellationToken.None);
                    note(
                        $"{semaphore.Reference}: no other host begins until this one is updated, or until '{semaphore.ReleaseCommand(_own)}'"
                    );
                    return;
                }

                RolloutHost? now = (await semaphore.ReadAsync(CancellationToken.None)).Find(_own.Id);
                if (now is null || await semaphore.TryReleaseAsync(now, CancellationToken.None))
                {
                    return;
                }
            }
            catch (SysctrException e)
            {
                why = e.Message;
            }

            if (Environment.TickCount64 - start > semaphore.Reference.TimeToLive.TotalMilliseconds)
            {
                lease.Abandon();
                note(
                    $"warning: the slot of {semaphore.Reference} stays taken: {why}; when etcd answers again: {semaphore.ReleaseCommand(_own)}"
                );
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }
}
