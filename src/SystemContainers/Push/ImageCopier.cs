// SPDX-License-Identifier: Apache-2.0

using System.Runtime.ExceptionServices;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Pull.Trust;
using SystemContainers.Push.Layers;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>
/// Copies images from place to place, each byte verified on its way: manifests as a pull verifies them, blobs by size
/// and digest. What they mean is not looked at, so artifacts are copied as images are.
/// </summary>
/// <param name="progress">Told what goes on.</param>
sealed class ImageCopier(IPullProgress progress)
{
    /// <summary>Copies the first of the candidates that the policy allows and that can be had; as a pull, mirrors come
    /// before their registry.</summary>
    /// <param name="puller">Knows policy, mirrors and credentials.</param>
    /// <param name="candidates">Of <see cref="RegistriesConfig.Resolve"/>; at least one.</param>
    /// <param name="destination">Stays the caller's.</param>
    /// <exception cref="SysctrException">As a pull, or what the destination throws; Usage: it can't keep the digest,
    /// which is wanted.</exception>
    public async Task<CopiedImage> CopyAsync(
        ImagePuller puller,
        IReadOnlyList<ImageReference> candidates,
        IImageDestination destination,
        CopyChoice choice,
        CancellationToken cancellation
    )
    {
        (CopiedImage? copied, SysctrException? fault) = await TryAsync(
            puller,
            candidates,
            destination,
            choice,
            cancellation
        );
        if (fault is not null)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        return copied!;
    }

    /// <summary>The same; that the source can't serve it is told by the result, and only what the destination is to
    /// blame for is thrown.</summary>
    /// <returns>What was copied, or why nothing was.</returns>
    public async Task<(CopiedImage? Copied, SysctrException? SourceFault)> TryAsync(
        ImagePuller puller,
        IReadOnlyList<ImageReference> candidates,
        IImageDestination destination,
        CopyChoice choice,
        CancellationToken cancellation
    )
    {
        (CopiedImage? Copied, SysctrException? Fault) result;
        try
        {
            // That the destination fails is no reason to ask another mirror, and no fault of the source.
            result = await puller.UseAsync<(CopiedImage?, SysctrException?)>(
                candidates,
                async (reference, place, source, token) =>
                {
                    try
                    {
                        return (
                            await CopyFromAsync(
                                place,
                                source,
                                destination,
                                choice,
                                (root, manifest) => puller.JudgeAsync(reference, place, source, root, manifest, token),
                                token
                            ),
                            null
                        );
                    }
                    catch (DestinationException e)
                    {
                        return (null, e.Fault);
                    }
                },
                cancellation
            );
        }
        catch (SysctrException e)
        {
            return (null, e);
        }

        if (result.Fault is not null)
        {
            ExceptionDispatchInfo.Throw(result.Fault);
        }

        return (result.Copied, null);
    }

    /// <summary>Copies what one source has that was judged already: an image of the store, or what skopeo
    /// gave.</summary>
    /// <param name="place">What the source is called.</param>
    /// <param name="source">Stays the caller's.</param>
    /// <param name="destination">Stays the caller's.</param>
    /// <exception cref="SysctrException">What source or destination throw.</exception>
    public async Task<CopiedImage> CopyAsync(
        ImageReference place,
        IImageSource source,
        IImageDestination destination,
        CopyChoice choice,
        CancellationToken cancellation
    )
    {
        try
        {
            return await CopyFromAsync(
                place,
                source,
                destination,
                choice,
                (_, _) => Task.FromResult<IReadOnlyList<ImageProof>>([]),
                cancellation
            );
        }
        catch (DestinationException e)
        {
            ExceptionDispatchInfo.Throw(e.Fault);
            throw;
        }
    }

    /// <exception cref="SysctrException">What the source is to blame for.</exception>
    /// <exception cref="DestinationException">What it is not.</exception>
    private async Task<CopiedImage> CopyFromAsync(
        ImageReference place,
        IImageSource source,
        IImageDestination destination,
        CopyChoice choice,
        Func<ManifestDocument, ManifestDocument, Task<IReadOnlyList<ImageProof>>> judge,
        CancellationToken cancellation
    )
    {
        if (choice.PreserveDigests && !destination.KeepsManifests)
        {
            throw new DestinationException(
                new SysctrException(
                    ErrorKind.Usage,
                    $"copying {place.Identity}: this destination has no manifests, and so no digest",
                    "leave out --preserve-digests, or copy it to a registry, oci:, oci-archive: or dir:"
                )
            );
        }

        if (choice.Recursive && (source is not RegistrySource || destination is not RegistryDestination))
        {
            throw new DestinationException(
                new SysctrException(
                    ErrorKind.Usage,
                    $"copying {place.Identity}: only registries have what is attached to an image",
                    "leave out --recursive, or copy from docker:// to docker://"
                )
            );
        }

        if (
            choice.Compress is not null
            && (choice.PreserveDigests || choice.Platform is null || !destination.KeepsManifests)
        )
        {
            throw new DestinationException(Uncompressable(place, choice));
        }

        progress.Trying(place);
        ManifestDocument named = await ImageDocuments.RootAsync(place, source, cancellation);
        ManifestDocument root = choice.Platform is { } platform
            ? await ImageDocuments.ChooseAsync(place, source, named, platform, cancellation)
            : named;
        List<ManifestDocument> manifests = await CopiedManifests.CollectAsync(place, source, root, cancellation);
        List<ImageProof> proofs = [];
        foreach (ManifestDocument manifest in manifests.Where(m => m.Manifest is not null))
        {
            // Each by itself and before a blob of any is sent, as skopeo does: of an index nothing is signed by the
            // index being signed.
            proofs.AddRange(await judge(named, manifest));
        }

        using RecompressedImage? recompressed = choice.Compress is { } how
            ? await RecompressedImage.MakeAsync(place, source, root, how, progress, cancellation)
            : null;
        if (recompressed is not null)
        {
            source = recompressed;
            manifests = [recompressed.Document];
        }

        ManifestDocument sent = manifests[^1];
        Descriptor[] blobs =
        [
            .. manifests
                .Where(m => m.Manifest is not null)
                .SelectMany(m => m.Manifest!.Layers.Prepend(m.Manifest.Config))
                .DistinctBy(b => b.Digest),
        ];
        foreach (Descriptor blob in blobs)
        {
            CopiedManifests.Check(place, blob);
        }

        progress.Found(place, root.Digest, blobs.Length);
        (int count, long bytes) = await CopyBlobsAsync(place, source, blobs, destination, cancellation);
        foreach (ManifestDocument manifest in manifests)
        {
            await ToAsync(() => destination.PutManifestAsync(manifest, cancellation));
        }

        // Before the name: whoever asks for the image has its signatures. Of an index of which one platform is copied
        // they may be about the index.
        ReferrerCopier? referrers = choice.Recursive
            ? new ReferrerCopier(place, (RegistrySource)source, (RegistryDestination)destination, cancellation)
            : null;
        int attached = referrers is null
            ? 0
            : await referrers.CopyAsync(manifests.Select(m => m.Digest).Append(named.Digest).Distinct());
        await ToAsync(() => destination.CommitAsync(sent, cancellation));
        return new CopiedImage(
            root.Digest,
            destination.KeepsManifests ? sent.Digest : null,
            manifests.Count(m => m.Manifest is not null),
            count,
            bytes,
            blobs.Length - count
        )
        {
            Attached = attached,
            Passed = referrers?.Passed ?? [],
            Proofs = proofs,
        };
    }

    private static SysctrException Uncompressable(ImageReference place, CopyChoice choice) =>
        choice.PreserveDigests
            ? new SysctrException(
                ErrorKind.Usage,
                $"copying {place.Identity}: with its layers compressed anew it has another digest",
                "leave out --preserve-digests, or the compression"
            )
        : choice.Platform is null
            ? new SysctrException(
                ErrorKind.Usage,
                $"copying {place.Identity}: of an index the layers can't be compressed anew",
                "leave out --all, and copy one platform with --platform"
            )
        : new SysctrException(
            ErrorKind.Usage,
            $"copying {place.Identity}: this destination has no compressed layers",
            "leave out the compression"
        );

    /// <summary>A few at once; all have ended when this does.</summary>
    private async Task<(int Sent, long Bytes)> CopyBlobsAsync(
        ImageReference place,
        IImageSource source,
        Descriptor[] blobs,
        IImageDestination destination,
        CancellationToken cancellation
    )
    {
        int sent = 0;
        long bytes = 0;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        int next = -1;
        Task[] running =
        [
            .. Enumerable.Range(0, Math.Min(destination.ParallelBlobs, blobs.Length)).Select(_ => WorkAsync()),
        ];
        await Task.WhenAll(running)
            .ContinueWith(
                static _ => { },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        cancellation.ThrowIfCancellationRequested();
        Exception[] failures = [.. running.SelectMany(t => t.Exception?.InnerExceptions ?? [])];
        if (Array.Find(failures, f => f is not OperationCanceledException) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        await Task.WhenAll(running);
        return (sent, bytes);

        async Task WorkAsync()
        {
            try
            {
                while (Interlocked.Increment(ref next) is var i && i < blobs.Length)
                {
                    stop.Token.ThrowIfCancellationRequested();
                    if (await CopyBlobAsync(place, source, blobs[i], destination, stop.Token))
                    {
                        Interlocked.Increment(ref sent);
                        Interlocked.Add(ref bytes, blobs[i].Size);
                    }
                }
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }
    }

    private async Task<bool> CopyBlobAsync(
        ImageReference place,
        IImageSource source,
        Descriptor blob,
        IImageDestination destination,
        CancellationToken cancellation
    )
    {
        if (await FromAsync(() => destination.HasBlobAsync(blob, cancellation)))
        {
            progress.LayerExists(blob);
            return false;
        }

        progress.LayerStarted(blob);
        Exception? sourceFault = null;
        try
        {
            await destination.PutBlobAsync(blob, OpenAsync, cancellation);
        }
        catch (SysctrException e) when (sourceFault is null)
        {
            throw new DestinationException(e);
        }

        progress.LayerDone(blob);
        return true;

        async Task<Stream> OpenAsync(CancellationToken token)
        {
            try
            {
                VerifiedStream verified = new(
                    await source.OpenBlobAsync(blob, token),
                    blob,
                    $"fetching {blob.Digest.Short} of {place.Identity}",
                    received => progress.LayerBytes(blob, received)
                );
                return new WatchedStream(verified, fault => sourceFault = fault);
            }
            catch (SysctrException e)
            {
                sourceFault = e;
                throw;
            }
        }
    }

    private static Task<bool> ToAsync(Func<Task> act) =>
        FromAsync(async () =>
        {
            await act();
            return true;
        });

    private static async Task<T> FromAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (SysctrException e)
        {
            throw new DestinationException(e);
        }
    }
}
