// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Errors;

namespace SystemContainers.Fleet.Etcd;

/// <summary>The few calls of etcd's API that a semaphore is made of.</summary>
sealed class EtcdClient(EtcdConnection connection) : IDisposable
{
    private const int LineLimit = 64 << 10;

    /// <summary>All keys that begin with a text.</summary>
    public static KeyRange Below(string prefix)
    {
        byte[] key = Encoding.UTF8.GetBytes(prefix);
        byte[] end = [.. key];

        // UTF-8 has no byte 255, so the last one can always be counted up.
        end[^1]++;
        return new KeyRange(key, end);
    }

    /// <summary>What is in a range, as a majority of the members has it.</summary>
    public Task<RangeResponse> RangeAsync(KeyRange range, CancellationToken cancellation) =>
        connection.AskAsync(
            "v3/kv/range",
            range,
            EtcdJson.Default.KeyRange,
            EtcdJson.Default.RangeResponse,
            cancellation
        );

    /// <summary>Does all of it or nothing.</summary>
    /// <returns>Whether the conditions held. False too when an answer was lost on its way and the request was sent
    /// again: read what there is.</returns>
    /// <exception cref="SysctrException">NotFound: a lease that it names has ended.</exception>
    public async Task<bool> TryAsync(TransactionRequest transaction, CancellationToken cancellation) =>
        (
            await connection.AskAsync(
                "v3/kv/txn",
                transaction,
                EtcdJson.Default.TransactionRequest,
                EtcdJson.Default.TransactionResponse,
                cancellation
            )
        ).Succeeded;

    /// <summary>A new lease.</summary>
    /// <returns>Its ID.</returns>
    /// <exception cref="SysctrException">Failed: it gives none; what is bound to none would stay for ever.</exception>
    public async Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellation)
    {
        LeaseMessage granted = await connection.AskAsync(
            "v3/lease/grant",
            new LeaseMessage(TimeToLive: (long)timeToLive.TotalSeconds),
            EtcdJson.Default.LeaseMessage,
            EtcdJson.Default.LeaseMessage,
            cancellation
        );
        return granted.Id is { } id && id != 0
            ? id
            : throw new SysctrException(
                ErrorKind.Failed,
                "asking etcd for a lease: its answer has none",
                "see whether it is an etcd that answers there: 'etcdctl lease grant 60'"
            );
    }

    /// <summary>Has a lease begin anew.</summary>
    /// <returns>False where it has ended.</returns>
    public async Task<bool> KeepAliveAsync(long lease, CancellationToken cancellation) =>
        (
            await connection.AskAsync(
                "v3/lease/keepalive",
                new LeaseMessage(lease),
                EtcdJson.Default.LeaseMessage,
                EtcdJson.Default.StreamLineLeaseMessage,
                cancellation
            )
        ).Result
            is { TimeToLive: > 0 };

    /// <summary>Ends a lease and removes the keys that are attached to it.</summary>
    public Task RevokeAsync(long lease, CancellationToken cancellation) =>
        connection.AskAsync(
            "v3/lease/revoke",
            new LeaseMessage(lease),
            EtcdJson.Default.LeaseMessage,
            EtcdJson.Default.LeaseMessage,
            cancellation
        );

    /// <summary>Returns when something in a range has changed since a revision was read, or after some time in any
    /// case.</summary>
    public async Task WaitForChangeAsync(KeyRange range, long revision, TimeSpan atMost, CancellationToken cancellation)
    {
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(atMost);
        bool changed = false;
        WatchRequest request = new(new WatchCreateRequest(range.Key, range.RangeEnd, revision + 1));
        try
        {
            using HttpResponseMessage response = await connection.StreamAsync(
                "v3/watch",
                request,
                EtcdJson.Default.WatchRequest,
                limited.Token
            );
            await using Stream stream = await response.Content.ReadAsStreamAsync(limited.Token);
            changed = await ReadChangeAsync(stream, limited.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or SysctrException)
        {
            // The member went away; whoever waits reads again, from the next one.
        }

        if (!changed)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        }
    }

    /// <summary>Reads the lines of a watch until one tells of a change. A line is not read to its end where it is
    /// long: that there is one tells enough.</summary>
    /// <returns>False where it ends before, or has an error to tell.</returns>
    /// <exception cref="JsonException">It is no watch.</exception>
    internal static async Task<bool> ReadChangeAsync(Stream stream, CancellationToken cancellation)
    {
        byte[] buffer = new byte[LineLimit];
        int length = 0;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            int read = await stream.ReadAsync(buffer.AsMemory(length), cancellation);
            if (read == 0)
            {
                return false;
            }

            length += read;
            int end;
            while ((end = buffer.AsSpan(0, length).IndexOf((byte)'\n')) >= 0)
            {
                WatchResponse? told = JsonSerializer
                    .Deserialize(buffer.AsSpan(0, end), EtcdJson.Default.StreamLineWatchResponse)
                    ?.Result;
                if (told is not { Created: true })
                {
                    return told is not null;
                }

                length -= end + 1;
                buffer.AsSpan(end + 1, length).CopyTo(buffer);
            }

            if (length == buffer.Length)
            {
                return true;
            }
        }
    }

    public void Dispose() => connection.Dispose();
}
