// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using SystemContainers.Oci;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Tests.Fakes;

/// <summary>Remembers what a pull said.</summary>
sealed class RecordingProgress : IPullProgress
{
    public ConcurrentQueue<string> Events { get; } = new();

    public void Trying(ImageReference reference) => Events.Enqueue($"trying {reference.Identity}");

    public void Found(ImageReference reference, Digest manifest, int layers) =>
        Events.Enqueue($"found {manifest} {layers}");

    public void LayerExists(Descriptor layer) => Events.Enqueue($"exists {layer.Digest}");

    public void LayerStarted(Descriptor layer) => Events.Enqueue($"started {layer.Digest} {layer.Size}");

    public void LayerBytes(Descriptor layer, long received) => Events.Enqueue($"bytes {layer.Digest} {received}");

    public void LayerDone(Descriptor layer) => Events.Enqueue($"done {layer.Digest}");

    public void CheckingOut(string container, int done, int total) =>
        Events.Enqueue($"checking out {container} {done}/{total}");

    public void Retrying(string why) => Events.Enqueue($"retrying {why}");
}
