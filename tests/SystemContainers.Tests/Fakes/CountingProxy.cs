// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Fakes;

/// <summary>Counts what the server sends, heads and all.</summary>
public sealed class CountingProxy(string target) : ForwardingProxy(target)
{
    private long _received;

    /// <summary>Bytes of the server's so far.</summary>
    public long Received => Interlocked.Read(ref _received);

    protected override bool Pass(bool isClients, int count, long passed)
    {
        if (!isClients)
        {
            Interlocked.Add(ref _received, count);
        }

        return true;
    }
}
