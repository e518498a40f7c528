// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fleet.Etcd;
using SystemContainers.Pull.Options;
using SystemContainers.Requests;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Fleet;

/// <summary>
/// An update of this host as part of a roll-out: only where there is something to update it takes a slot of the
/// semaphore that the request or sysctr.toml names, and then looks again, for the wait may have been long.
/// </summary>
sealed class FleetUpdate(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>What to say for no semaphore, where sysctr.toml names one.</summary>
    public const string NoLock = "none";

    /// <summary>Updates containers as <see cref="UpdateOperation.RunAsync"/> does.</summary>
    /// <param name="names">The containers.</param>
    /// <param name="request">What to change, and by which semaphore.</param>
    /// <param name="cancellation">Ends the wait, or the update as far as that is possible.</param>
    /// <returns>How many have changed.</returns>
    /// <exception cref="SysctrException">Locked: the roll-out is held, or the time is over. Unreachable: etcd; nothing
    /// was changed. Else as there.</exception>
    public Task<int> RunAsync(IReadOnlyList<string> names, UpdateRequest request, CancellationToken cancellation) =>
        RunAsync(names, request, update => update.RunAsync(names, request, cancellation), cancellation);

    /// <summary>As the other, for whoever updates the containers one by one: all of it is one turn of this host, in one
    /// slot.</summary>
    /// <param name="names">The containers.</param>
    /// <param name="request">What to change, and by which semaphore.</param>
    /// <param name="update">Updates them with what it is given; called once, or not at all where there is nothing to
    /// update.</param>
    public async Task<int> RunAsync(
        IReadOnlyList<string> names,
        UpdateRequest request,
        Func<UpdateOperation, Task<int>> update,
        CancellationToken cancellation
    )
    {
        using FleetSemaphore? semaphore = Open(request);
        return semaphore is null
            ? await update(new UpdateOperation(host, progress, note))
            : await RunAsync(names, request, update, semaphore, cancellation);
    }

    /// <summary>To be called instead where nothing is to be updated: a record that still holds the others is taken
    /// away.</summary>
    public async Task SkipAsync(CancellationToken cancellation)
    {
        using FleetSemaphore? semaphore = Open(new UpdateRequest());
        if (semaphore is not null)
        {
            using IDisposable alone = host.Locks.LockRollout(cancellation);
            await ForgetAsync(semaphore, MachineId.Read(host.Root), cancellation);
        }
    }

    /// <summary>The semaphore to go by; null for none.</summary>
    private FleetSemaphore? Open(UpdateRequest request)
    {
        SysctrConfiguration configuration = SysctrConfiguration.Load(host.Paths);
        return (request.Lock ?? configuration.Lock ?? NoLock) is not NoLock and var wanted
            ? FleetSemaphore.Open(
                LockReference.Parse(wanted),
                configuration.EtcdOver(Environment.GetEnvironmentVariable)
            )
            : null;
    }

    private async Task<int> RunAsync(
        IReadOnlyList<string> names,
        UpdateRequest request,
        Func<UpdateOperation, Task<int>> update,
        FleetSemaphore semaphore,
        CancellationToken cancellation
    )
    {
        // Two of this host would share its slot, and the first of them would give it back.
        using IDisposable alone = host.Locks.LockRollout(cancellation);
        string id = MachineId.Read(host.Root);
        if (!await new UpdateOperation(host, progress, _ => { }).WouldChangeAsync(names, request, cancellation))
        {
            await ForgetAsync(semaphore, id, cancellation);
            note($"{string.Join(", ", names)}: up to date; nothing was changed");
            return 0;
        }

        FleetSlot slot;
        await using (SlotQueue queue = new(semaphore, id, Environment.MachineName, note))
        {
            slot = await queue.EnterAsync(host.Options.RolloutTimeout, cancellation);
        }

        try
        {
            return await update(new UpdateOperation(host, progress, note) { Through = slot.SwitchAsync });
        }
        finally
        {
            await slot.EndAsync();
        }
    }

    /// <summary>
    /// A host that was cut off behind its commit is up to date, and its record still holds the roll-out. What etcd
    /// can't tell now, it will tell the next time.
    /// </summary>
    private static async Task ForgetAsync(FleetSemaphore semaphore, string id, CancellationToken cancellation)
    {
        try
        {
            if ((await semaphore.ReadAsync(cancellation)).Find(id) is { Record.State: SlotState.Switching } own)
            {
                await semaphore.TryReleaseAsync(own, cancellation);
            }
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Unreachable) { }
    }
}
