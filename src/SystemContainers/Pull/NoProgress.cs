// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Pull;

/// <summary>Says nothing: <c>--quiet</c>.</summary>
sealed class NoProgress : IPullProgress
{
    public static NoProgress Instance { get; } = new();

    public void Trying(ImageReference reference) { }

    public void Found(ImageReference reference, Digest manifest, int layers) { }

    public void LayerExists(Descriptor layer) { }

    public void LayerStarted(Descriptor layer) { }

    public void LayerBytes(Descriptor layer, long received) { }

    public void LayerDone(Descriptor layer) { }

    public void CheckingOut(string container, int done, int total) { }

    public void Retrying(string why) { }
}
