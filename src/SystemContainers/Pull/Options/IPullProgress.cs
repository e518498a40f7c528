// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Options;

/// <summary>What a pull is doing, and the checkout that follows it, for bars and lines on a terminal. Called from
/// several threads at once; must be quick and not throw.</summary>
interface IPullProgress
{
    /// <summary>A place is asked for the image: a registry, a mirror, a layout.</summary>
    void Trying(ImageReference reference);

    /// <summary>The image was found there; its layers follow.</summary>
    void Found(ImageReference reference, Digest manifest, int layers);

    /// <summary>The layer is in the store already.</summary>
    void LayerExists(Descriptor layer);

    /// <summary>The layer is about to be fetched: <see cref="Descriptor.Size"/> compressed bytes.</summary>
    void LayerStarted(Descriptor layer);

    /// <summary>So many compressed bytes of the layer are here; called about every 128 KiB.</summary>
    void LayerBytes(Descriptor layer, long received);

    /// <summary>The layer is verified and in the store.</summary>
    void LayerDone(Descriptor layer);

    /// <summary>So many of a container's files and directories stand in its tree; called at the beginning, the end and
    /// every thousand or so.</summary>
    void CheckingOut(string container, int done, int total);

    /// <summary>Something failed that is tried again, or elsewhere; one line of text.</summary>
    void Retrying(string why);
}
