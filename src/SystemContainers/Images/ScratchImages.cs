// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.Options;
using SystemContainers.Target;

namespace SystemContainers.Images;

/// <summary>
/// Images to be looked at without a trace: what the host's store has is looked at where it is, anything else is fetched into a store on top of it
/// that is gone when this is disposed of.
/// </summary>
sealed class ScratchImages(Host host, IPullProgress progress) : IDisposable
{
    private Host? _scratch;

    /// <summary>Held while images are looked at, from the first one on; null before.</summary>
    public StoreLease? Lease { get; private set; }

    /// <summary>An image, all its layers in the store that it names.</summary>
    /// <exception cref="SysctrException">As <see cref="ImageFetch.FetchAsync"/>.</exception>
    public Task<StoredImage> FetchAsync(WantedImage wanted, CancellationToken cancellation)
    {
        Lease ??= Directory.Exists(host.StoreHere) ? host.Locks.LeaseStore(cancellation) : StoreLease.OfNothing();
        Host here = new ImageFetch(host, progress).IsStored(wanted) ? host : _scratch ??= host.WithScratchStore();
        return new ImageFetch(here, progress).FetchAsync(wanted, Lease, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Lease?.Dispose();
        _scratch?.Dispose();
    }
}
