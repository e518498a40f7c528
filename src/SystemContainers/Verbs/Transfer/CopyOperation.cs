// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Linux.Files;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;
using SystemContainers.Push;
using SystemContainers.Reference;
using SystemContainers.Target;

namespace SystemContainers.Verbs.Transfer;

/// <summary>Images copied from any place to any other: registries, layouts, archives, directories, the store, and by
/// skopeo what it alone knows.</summary>
sealed class CopyOperation(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>Before the name of an image of the store, where places of several kinds may stand.</summary>
    public const string Store = "sysctr:";

    private const string StagedTag = "image";

    /// <summary>Whether a place says its transport.</summary>
    public static bool HasTransport(string place) =>
        SkopeoTransport.Is(place)
        || place.StartsWith(Store, StringComparison.Ordinal)
        || place.StartsWith("dir:", StringComparison.Ordinal)
        || ImageReference.HasTransport(place);

    /// <summary>Copies an image.</summary>
    /// <param name="from">Where it is, with its transport.</param>
    /// <param name="to">Where to, likewise.</param>
    /// <param name="offline">Whether the source of an image of the store is left alone.</param>
    /// <exception cref="SysctrException">As a pull and a push; Usage: a place is none.</exception>
    public async Task<TransferReport> CopyAsync(
        string from,
        string to,
        CopyChoice choice,
        bool offline,
        CancellationToken cancellation
    )
    {
        if (choice.IsTyped)
        {
            CheckChoice(from, to, choice);
        }

        if (
            choice.Recursive
            && !(
                from.StartsWith("docker://", StringComparison.Ordinal)
                && to.StartsWith("docker://", StringComparison.Ordinal)
            )
        )
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"copying {Redact.Text(from)} to {Redact.Text(to)}: only registries have what is attached to an image",
                "leave out --recursive, or copy from docker:// to docker://"
            );
        }

        if (choice is { Recursive: true, Compress: not null })
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"copying {Redact.Text(from)}: what is attached to an image is about its digest, and with its layers compressed anew it has another",
                "leave out --recursive or --dest-compress-format"
            );
        }

        if (choice.Compress is not null && (to.StartsWith(Store, StringComparison.Ordinal) || SkopeoTransport.Is(to)))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"copying to {Redact.Text(to)}: layers are kept there unpacked",
                "leave out --dest-compress-format"
            );
        }

        if (SkopeoTransport.Is(to))
        {
            string scratch = ScratchDirectory.CreateBelow(host.StoreHere);
            try
            {
                string layout = $"oci:{Path.Join(scratch, "layout")}:{StagedTag}";
                if (choice.PreserveDigests)
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        $"copying to {to}: it need not keep the digest",
                        "leave out --preserve-digests"
                    );
                }

                TransferReport staged = await CopyAsync(from, layout, choice, offline, cancellation);
                await SkopeoTransport.PutAsync(layout, to, cancellation);
                return staged with { Destination = to, Digest = null };
            }
            finally
            {
                ScratchDirectory.Remove(scratch);
            }
        }

        if (from.StartsWith(Store, StringComparison.Ordinal))
        {
            return to.StartsWith(Store, StringComparison.Ordinal)
                ? throw new SysctrException(
                    ErrorKind.Usage,
                    $"copying {from} to {to}: both are the store",
                    $"'sysctr images tag {from[Store.Length..]} {to[Store.Length..]}' gives the image a further name"
                )
                : await new PushOperation(host, progress, note).PushAsync(
                    from[Store.Length..],
                    Place(to).ToString(),
                    new PushOptions(offline, choice.PreserveDigests, choice.Compress?.Format),
                    cancellation
                );
        }

        // As a source the daemon is asked by its own API, as in a pull.
        return SkopeoTransport.Is(from) && !from.StartsWith("docker-daemon:", StringComparison.Ordinal)
                ? await CopyTakenAsync(from, to, choice, cancellation)
            : to.StartsWith(Store, StringComparison.Ordinal)
                ? await PullAsync(Place(from).ToString(), from, to, cancellation)
            : await CopyAsync(Place(from), Place(to), choice, cancellation);
    }

    /// <summary>Of an end that has one image, and no index, nothing can be chosen: another image than was asked for is
    /// worse than none.</summary>
    private static void CheckChoice(string from, string to, CopyChoice choice)
    {
        bool all = choice.Platform is null;
        string? end =
            from.StartsWith(Store, StringComparison.Ordinal) || SkopeoTransport.Is(from) ? from
            : to.StartsWith(Store, StringComparison.Ordinal) || (all && SkopeoTransport.Is(to)) ? to
            : null;
        if (end is not null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"copying {Redact.Text(from)} to {Redact.Text(to)}: {Redact.Text(end[..(end.IndexOf(':', StringComparison.Ordinal) + 1)])} has one platform of an image, and can't take {(all ? "--all" : "--platform")}",
                "leave it out, or copy between registries, oci:, oci-archive: and dir:"
            );
        }
    }

    private async Task<TransferReport> CopyAsync(
        ImageReference from,
        ImageReference to,
        CopyChoice choice,
        CancellationToken cancellation
    )
    {
        await using IImageDestination destination = host.Destinations(progress).Open(to, from);
        CopiedImage copied = await new ImageCopier(progress).CopyAsync(
            host.Puller(progress, withoutMirrors: choice.Recursive),
            [from],
            destination,
            choice,
            cancellation
        );
        foreach (string passed in copied.Passed)
        {
            note($"{to}: warning: not copied with the image: {passed}");
        }

        if (copied.Proofs.Count > 0 && copied.Digest is { } made && made != copied.Source)
        {
            note(
                $"{to}: warning: {from} is signed as the policy requires, and the copy has another digest, for which no signature of the source holds: sign it again"
            );
            return Report(from.ToString(), to, copied);
        }

        if (copied.Proofs.Any(p => p.Requirement == "signedBy"))
        {
            note(
                $"{to}: warning: {from} is signed as the policy requires, and simple signatures lie beside the registry: whoever serves them for the source has to do it for the copy (registries.d)"
            );
        }

        if (!choice.Recursive && copied.Proofs.Any(p => p.Requirement != "signedBy"))
        {
            note(
                $"{to}: warning: {from} is signed as the policy requires, and the copy is not: {(to.Transport == ImageTransport.Docker ? "--recursive copies signatures and attestations with it" : "only registries have signatures")}"
            );
        }

        return Report(from.ToString(), to, copied);
    }

    /// <summary>Of what skopeo gave: policy.json was asked by skopeo, for the place that it is from.</summary>
    private async Task<TransferReport> CopyTakenAsync(
        string from,
        string to,
        CopyChoice choice,
        CancellationToken cancellation
    )
    {
        string scratch = ScratchDirectory.CreateBelow(host.StoreHere);
        try
        {
            string layout = $"oci:{Path.Join(scratch, "layout")}:{StagedTag}";
            await SkopeoTransport.TakeAsync(from, layout, cancellation);
            if (to.StartsWith(Store, StringComparison.Ordinal))
            {
                return await PullAsync(layout, from, to, cancellation);
            }

            ImageReference staged = ImageReference.Parse(layout);
            using IImageSource source = await LocalSources.OpenAsync(staged, host.PullOptions(), cancellation);
            ImageReference place = Place(to);
            await using IImageDestination destination = host.Destinations(progress).Open(place, source: null);
            return Report(
                from,
                place,
                await new ImageCopier(progress).CopyAsync(staged, source, destination, choice, cancellation)
            );
        }
        finally
        {
            ScratchDirectory.Remove(scratch);
        }
    }

    private async Task<TransferReport> PullAsync(string source, string shown, string to, CancellationToken cancellation)
    {
        StoredImage stored = (
            await new ImageOperations(host, progress, note).PullAsync(
                source,
                to[Store.Length..],
                keepNames: false,
                cancellation
            )
        )[0];
        string digest = stored.Record.ManifestDigest.ToString();
        return new TransferReport(
            shown,
            stored.Record.Reference,
            digest,
            digest,
            Images: 1,
            Blobs: null,
            Bytes: null,
            Present: null
        );
    }

    private static TransferReport Report(string from, ImageReference to, CopiedImage copied) =>
        new(
            from,
            to.ToString(),
            copied.Digest?.ToString(),
            copied.Source.ToString(),
            copied.Images,
            copied.Blobs,
            copied.Bytes,
            copied.Present
        )
        {
            Attached = copied.Attached,
        };

    /// <summary>A place with its transport: a bare name could be one of the store or of a registry.</summary>
    private static ImageReference Place(string typed)
    {
        // "dir:1" is an image elsewhere; here it can only be a directory.
        string text =
            typed.StartsWith("dir:", StringComparison.Ordinal) && !typed.Contains('/', StringComparison.Ordinal)
                ? $"dir:./{typed["dir:".Length..]}"
                : typed;
        return ImageReference.HasTransport(text)
            ? ImageReference.Parse(text)
            : throw new SysctrException(
                ErrorKind.Usage,
                $"copying: '{Redact.Text(typed)}' says no transport",
                "write docker://NAME for a registry, sysctr:NAME for the store, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], dir:DIR"
            );
    }
}
