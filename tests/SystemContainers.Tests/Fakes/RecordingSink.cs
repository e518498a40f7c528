// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using SystemContainers.Oci;
using SystemContainers.Pull;

namespace SystemContainers.Tests.Fakes;

/// <summary>Keeps layers in memory, and only those that were read to their verified end, as the store does.</summary>
sealed class RecordingSink : ILayerSink
{
    public ConcurrentDictionary<Digest, byte[]> Layers { get; } = new();

    public bool HasLayer(Digest diffId) => Layers.ContainsKey(diffId);

    public Task AddLayerAsync(Digest diffId, Stream plainTar, CancellationToken cancellationToken) =>
        Task.Run(() => Add(diffId, plainTar, cancellationToken), cancellationToken);

    private void Add(Digest diffId, Stream plainTar, CancellationToken cancellationToken)
    {
        using MemoryStream bytes = new();
        byte[] buffer = new byte[10_000];

        // Synchronous, as a tar reader may.
        while (plainTar.Read(buffer) is > 0 and var read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bytes.Write(buffer, 0, read);
        }

        Assert(Layers.TryAdd(diffId, bytes.ToArray()));
    }

    private static void Assert(bool once) => Xunit.Assert.True(once, "a layer was added twice");
}
