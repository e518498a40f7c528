// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Store;

namespace SystemContainers.Fsck;

/// <summary>Takes the layers that are to be fetched again, and no others.</summary>
sealed class MendingSink(ContentStore store, IReadOnlySet<Digest> wanted) : ILayerSink
{
    public bool HasLayer(Digest diffId) => !wanted.Contains(diffId);

    public void Expect(string doing, long bytes) => store.Expect(doing, bytes);

    public Task AddLayerAsync(Digest diffId, Stream plainTar, CancellationToken cancellationToken) =>
        store.AddLayerAsync(diffId, plainTar, cancellationToken);
}
