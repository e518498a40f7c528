// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Pull.Options;
using SystemContainers.Target;

namespace SystemContainers.Images;

/// <summary>
/// Images to be looked at without a trace: what the host's store has is looked at where it is, anything else is fetched
/// into a store on top of it that is gone when this is disposed of.
/// </summary>
sealed class ScratchImages(Host host, IPullProgress progress) : IDisposable
{
    private Host? _scratch;

    /// <summary>Held while images are looked at, from the first one on; null before.</summary>
    public StoreLease? Lease { get; private set; }

    /// <summary>An image with those that its container mounts, the layers of each in the store that it names.</summary>
    /// <exception cref="SysctrException">As <see cref="ImageFetch.FetchAsync"/>.</exception>
    public Task<StoredImage> FetchAsync(WantedImage wanted, CancellationToken cancellation)
    {
        Lease ??= Directory.Exists(host.StoreHere) ? host.Locks.LeaseStore(cancellation) : StoreLease.OfNothing();
        return wanted.FetchAllAsync(w => FetchAloneAsync(w, cancellation));
    }

    private Task<StoredImage> FetchAloneAsync(WantedImage wanted, CancellationToken cancellation)
    {
        Host here = new ImageFetch(host, progress).IsStored(wanted) ? host : _scratch ??= host.WithScratchStore();
        return new ImageFetch(here, progress).FetchAloneAsync(wanted, Lease!, cancellation);
    }

    /// <summary>
    /// Has the host's store keep what was fetched, without a name, so that whoever does next what was looked at here
    /// need not fetch it again. That it can't is no failure of the look.
    /// </summary>
    public void Keep()
    {
        if (_scratch is null)
        {
            return;
        }

        try
        {
            // A store that was not there when it was looked for may be somebody's by now.
            using StoreLease? own = Lease!.IsHeld ? null : host.Locks.LeaseStore(CancellationToken.None);
            host.OpenStore().TakeOver(_scratch.OpenStore());
        }
        catch (Exception e) when (HostFailure.Understand(e) is { } why)
        {
            host.Note($"warning: {why.Message}; what was fetched is fetched again");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Lease?.Dispose();
        _scratch?.Dispose();
    }
}
