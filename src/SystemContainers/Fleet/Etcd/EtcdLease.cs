// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Fleet.Etcd;

/// <summary>A lease that is kept alive until it is disposed of, by a task of this process: it ends when the process
/// does.</summary>
sealed class EtcdLease : IAsyncDisposable
{
    private readonly EtcdClient _etcd;
    private readonly TimeSpan _timeToLive;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _keeping;
    private volatile bool _lost;

    private EtcdLease(EtcdClient etcd, long id, TimeSpan timeToLive)
    {
        _etcd = etcd;
        Id = id;
        _timeToLive = timeToLive;
        _keeping = Task.Run(KeepAsync);
    }

    /// <summary>As keys name it.</summary>
    public long Id { get; }

    /// <summary>Whether it ended though nobody asked for that: etcd could not be reached for too long, or somebody
    /// revoked it.</summary>
    public bool IsLost => _lost;

    /// <summary>Asks for a lease.</summary>
    public static async Task<EtcdLease> GrantAsync(
        EtcdClient etcd,
        TimeSpan timeToLive,
        CancellationToken cancellation
    ) => new(etcd, await etcd.GrantAsync(timeToLive, cancellation), timeToLive);

    /// <summary>It is not revoked any more: etcd does not answer, and nobody shall wait for that once more.</summary>
    public void Abandon() => _lost = true;

    /// <summary>Revokes it; where etcd can't be reached it runs out by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _keeping;
        try
        {
            if (!_lost)
            {
                await _etcd.RevokeAsync(Id, CancellationToken.None);
            }
        }
        catch (SysctrException) { }

        _end.Dispose();
    }

    private async Task KeepAsync()
    {
        TimeSpan wait = _timeToLive / 3;
        try
        {
            while (!_lost)
            {
                await Task.Delay(wait, _end.Token);
                try
                {
                    _lost = !await _etcd.KeepAliveAsync(Id, _end.Token);
                    wait = _timeToLive / 3;
                }
                catch (SysctrException)
                {
                    // Whether it has ended meanwhile is etcd's to say, once it answers again.
                    wait = TimeSpan.FromSeconds(1);
                }
            }
        }
        catch (OperationCanceledException) { }
    }
}
