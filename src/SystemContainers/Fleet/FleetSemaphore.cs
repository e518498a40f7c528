// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Fleet.Etcd;

namespace SystemContainers.Fleet;

/// <summary>
/// A semaphore in etcd: <c>KEY/hosts/ID</c> is what a host says of itself, a <see cref="SlotRecord"/>, and
/// <c>KEY/alive/ID</c> is there as long as its process is. README.md has the rules.
/// </summary>
sealed class FleetSemaphore : IDisposable
{
    private readonly KeyRange _all;

    private FleetSemaphore(LockReference reference, EtcdClient etcd)
    {
        Reference = reference;
        Etcd = etcd;
        _all = EtcdClient.Below(reference.Key + "/");
    }

    public LockReference Reference { get; }

    internal EtcdClient Etcd { get; }

    /// <summary>What a person types, anywhere, to let the others go on without a host.</summary>
    public string ReleaseCommand(RolloutHost host) => $"sysctr rollout release {host.Record.Host} --lock {Reference}";

    /// <summary>Opens it; nothing is asked of etcd yet.</summary>
    public static FleetSemaphore Open(LockReference reference, EtcdSettings settings) =>
        new(reference, new EtcdClient(new EtcdConnection(reference, settings)));

    /// <summary>The roll-out as it is now.</summary>
    public async Task<Rollout> ReadAsync(CancellationToken cancellation) =>
        Rollout.Read(Reference.Key, await Etcd.RangeAsync(_all, cancellation));

    /// <summary>Waits until it has changed, or for some time.</summary>
    public Task WaitForChangeAsync(Rollout since, TimeSpan atMost, CancellationToken cancellation) =>
        Etcd.WaitForChangeAsync(_all, since.Revision, atMost, cancellation);

    /// <summary>Puts a host at the end of the queue; or says that its process is alive, where it has a place
    /// already.</summary>
    /// <param name="rollout">As it was read.</param>
    /// <param name="id">The host.</param>
    /// <param name="lease">Of its process.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>False where the roll-out has changed meanwhile.</returns>
    public Task<bool> TryEnqueueAsync(
        Rollout rollout,
        string id,
        string hostName,
        long lease,
        CancellationToken cancellation
    )
    {
        RolloutHost? own = rollout.Find(id);
        SlotRecord record = own?.Record ?? new SlotRecord(hostName, SlotState.Waiting, DateTimeOffset.UtcNow);

        // What is not bound to a process must not become so: it is what others are held by.
        long bound = record.State is SlotState.Waiting or SlotState.Preparing ? lease : 0;
        return Etcd.TryAsync(
            new TransactionRequest(
                [Compare.IsAt(HostKey(id), own?.ModRevision ?? 0)],
                [Put(HostKey(id), record, bound), PutAlive(id, lease)]
            ),
            cancellation
        );
    }

    /// <summary>Takes a slot for a host whose turn it is.</summary>
    /// <returns>False where the roll-out has changed meanwhile: somebody may hold it now.</returns>
    public Task<bool> TryTakeAsync(Rollout rollout, RolloutHost own, CancellationToken cancellation) =>
        Etcd.TryAsync(
            new TransactionRequest(
                [
                    Compare.NothingSince(_all, rollout.Revision),
                    Compare.Exists(HostKey(own.Id)),
                    Compare.Exists(AliveKey(own.Id)),
                ],
                [Put(HostKey(own.Id), Now(own.Record, SlotState.Preparing), own.Lease!.Value)]
            ),
            cancellation
        );

    /// <summary>Says that a host that has a slot, and whose process is alive, begins to change. It keeps the slot from
    /// here on.</summary>
    /// <returns>False where it has no slot any more.</returns>
    public Task<bool> TrySwitchAsync(RolloutHost own, CancellationToken cancellation) =>
        Etcd.TryAsync(
            new TransactionRequest(
                [Compare.IsAt(HostKey(own.Id), own.ModRevision), Compare.Exists(AliveKey(own.Id))],
                [Put(HostKey(own.Id), Now(own.Record, SlotState.Switching), 0)]
            ),
            cancellation
        );

    /// <summary>Holds the roll-out for a host's failure, whatever it has become meanwhile.</summary>
    public Task HoldAsync(RolloutHost own, string reason, CancellationToken cancellation) =>
        Etcd.TryAsync(
            new TransactionRequest(
                [],
                [
                    Put(HostKey(own.Id), Now(own.Record, SlotState.Failed) with { Reason = reason }, 0),
                    Delete(AliveKey(own.Id)),
                ]
            ),
            cancellation
        );

    /// <summary>Gives a host's slot back.</summary>
    /// <returns>False where it has written something since it was read.</returns>
    public Task<bool> TryReleaseAsync(RolloutHost host, CancellationToken cancellation) =>
        Etcd.TryAsync(
            new TransactionRequest(
                [Compare.IsAt(HostKey(host.Id), host.ModRevision)],
                [Delete(HostKey(host.Id)), Delete(AliveKey(host.Id))]
            ),
            cancellation
        );

    public void Dispose() => Etcd.Dispose();

    private static SlotRecord Now(SlotRecord record, SlotState state) =>
        record with
        {
            State = state,
            Since = DateTimeOffset.UtcNow,
        };

    private byte[] HostKey(string id) => Encoding.UTF8.GetBytes($"{Reference.Key}/hosts/{id}");

    private byte[] AliveKey(string id) => Encoding.UTF8.GetBytes($"{Reference.Key}/alive/{id}");

    private static RequestOp Put(byte[] key, SlotRecord record, long lease) =>
        new(Put: new PutRequest(key, JsonSerializer.SerializeToUtf8Bytes(record, FleetJson.Line.SlotRecord), lease));

    private RequestOp PutAlive(string id, long lease) => new(Put: new PutRequest(AliveKey(id), "1"u8.ToArray(), lease));

    private static RequestOp Delete(byte[] key) => new(Delete: new KeyRange(key));
}
