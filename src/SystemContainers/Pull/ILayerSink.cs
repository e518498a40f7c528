// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Chunked;

namespace SystemContainers.Pull;

/// <summary>
/// Where the layers of an image go while they are pulled. A puller calls it from several threads at once, but never
/// twice at the same time for one layer.
/// </summary>
interface ILayerSink
{
    /// <summary>What the sink knows of its files by their contents, so that only what it lacks is fetched of a layer
    /// that says where its files are. Null for nothing.</summary>
    ILayerContents? Contents => null;

    /// <summary>Whether the layer whose plain tar has this digest is there, so that it need not be fetched.</summary>
    bool HasLayer(Digest diffId);

    /// <summary>
    /// Told before the first layer how much is to come, so that what can't fit is not begun; a sink that has room
    /// enough needs do nothing. May be called again, for another image or another place that has it.
    /// </summary>
    /// <param name="doing">"pulling X", for messages.</param>
    /// <param name="bytes">The layers' compressed size; 0 where all are there.</param>
    /// <exception cref="Errors.SysctrException">Storage: there is no room for it.</exception>
    void Expect(string doing, long bytes) { }

    /// <summary>
    /// Takes one layer, on a thread of the sink's own: it may take as long as the network. <paramref name="plainTar"/>
    /// is the decompressed stream; it throws <see cref="Errors.SysctrException"/> (Corrupt, Unreachable, Unsafe) from
    /// Read, at the latest when its end is reached, where the compressed size, the compressed digest or
    /// <paramref name="diffId"/> do not match. So a Read that returns 0 means that everything was verified: read on to
    /// that, past the tar's own end, before anything is made visible.
    /// </summary>
    /// <param name="diffId">The digest that the plain stream will turn out to have.</param>
    /// <param name="plainTar">Forward only; synchronous reads are as good as asynchronous ones. The caller disposes of
    /// it.</param>
    /// <param name="cancellationToken">Cancelled when the pull was, or when another layer failed.</param>
    Task AddLayerAsync(Digest diffId, Stream plainTar, CancellationToken cancellationToken);
}
