// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;
using SystemContainers.Requests;
using SystemContainers.Seals;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Images;

/// <summary>Gets an image into the store, or finds it there.</summary>
sealed class ImageFetch(Host host, IPullProgress progress)
{
    /// <summary>How often an image is fetched again because a prune took what was there, before somebody else is to
    /// look at it.</summary>
    private const int MaxPulls = 3;

    /// <summary>An image with those that its container mounts, all their layers in the store, and a ref for each that
    /// keeps them there.</summary>
    /// <param name="wanted">What the user named.</param>
    /// <param name="lease">Held but while the network is used.</param>
    /// <exception cref="SysctrException">As the puller gives; NotFound where the policy is never and the store lacks
    /// one.</exception>
    public Task<StoredImage> FetchAsync(WantedImage wanted, StoreLease lease, CancellationToken cancellation) =>
        wanted.FetchAllAsync(w => FetchAloneAsync(w, lease, cancellation));

    /// <summary>The same without those that are mounted.</summary>
    public async Task<StoredImage> FetchAloneAsync(WantedImage wanted, StoreLease lease, CancellationToken cancellation)
    {
        if (MayBeLocal(wanted) && Find(wanted.Candidates, wanted.Policy) is { } there)
        {
            if (wanted.Candidates[0].Transport == ImageTransport.Builtin)
            {
                return there;
            }

            host.Note(
                $"{there.Record.Reference}: from the store, pulled {TimeText.Ago(there.Record.PulledAt)}{(wanted.Policy == PullPolicy.Missing ? "; --pull always asks its source" : "")}"
            );
            return there;
        }

        if (wanted.Policy == PullPolicy.Never && wanted.Candidates[0].Transport != ImageTransport.Builtin)
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"looking for '{wanted.Typed}' in the store: it is not there",
                "leave out --pull never, or 'sysctr pull' it"
            );
        }

        PulledImage pulled = await PullAsync(wanted.Candidates, lease, cancellation);
        return Keep(pulled, [pulled.Reference], cancellation)[0];
    }

    /// <summary>
    /// Images for containers: fetched without any lock, so that whoever sends them slowly keeps nobody from anything;
    /// then the containers are locked, the store is leased, and what was wanted and fetched is looked at again.
    /// </summary>
    /// <param name="wanted">What to fetch, by the containers as they are; throws where it can't be done. Asked before
    /// and after.</param>
    /// <returns>An image for each that was wanted; the locks and the lease are the caller's to end.</returns>
    /// <exception cref="SysctrException">As <see cref="FetchAsync"/>; Locked: the containers or the store change each
    /// time.</exception>
    public async Task<(IReadOnlyList<StoredImage> Images, ContainerLocks Locks, StoreLease Lease)> FetchForAsync(
        Func<Task<IReadOnlyList<WantedImage>>> wanted,
        Func<Task<ContainerLocks>> take,
        CancellationToken cancellation
    )
    {
        for (int attempt = 1; ; attempt++)
        {
            IReadOnlyList<WantedImage> before = await wanted();
            List<StoredImage> images = [];
            using (StoreLease fetching = host.Locks.LeaseStore(cancellation))
            {
                foreach (WantedImage image in before)
                {
                    images.Add(await FetchAsync(image, fetching, cancellation));
                }
            }

            // Containers are locked before the store.
            ContainerLocks locks = await take();
            StoreLease? lease = null;
            try
            {
                IReadOnlyList<WantedImage> now = await wanted();
                lease = locks.LeaseStore(cancellation);
                if (
                    now.Count == before.Count
                    && now.Zip(before).All(w => w.First.IsSameAs(w.Second))
                    && images.All(IsWhole)
                )
                {
                    return (images, locks, lease);
                }
            }
            catch
            {
                lease?.Dispose();
                locks.Dispose();
                throw;
            }

            lease.Dispose();
            locks.Dispose();
            if (attempt == MaxPulls)
            {
                throw ChangesEachTime(string.Join(", ", before.SelectMany(b => b.All).Select(b => b.Typed)));
            }
        }
    }

    /// <summary>Fetches an image and keeps it by other names than its source's.</summary>
    /// <param name="wanted">The source.</param>
    /// <param name="name">A name for it; null for those that an archive or daemon has for it.</param>
    /// <returns>One for each name; by its source's where there is none.</returns>
    /// <exception cref="SysctrException">As the puller gives; Usage: the name is none.</exception>
    public async Task<IReadOnlyList<StoredImage>> FetchAsAsync(
        WantedImage wanted,
        string? name,
        CancellationToken cancellation
    )
    {
        ImageNames names = new(host);
        ImageReference? kept = name is null ? null : names.ForTag(name, $"pulling {wanted.Typed}");
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        PulledImage pulled = await PullAsync(wanted.Candidates, lease, cancellation);
        ImageReference[] references = kept is not null
            ? [kept]
            : [.. pulled.Names.Select(n => names.ForTag(n, $"pulling {wanted.Typed}")).Distinct()];
        return Keep(pulled, references.DefaultIfEmpty(pulled.Reference), cancellation);
    }

    /// <summary>Whether <see cref="FetchAloneAsync"/> would change nothing; asks without making a store where there is
    /// none.</summary>
    public bool IsStored(WantedImage wanted) =>
        Directory.Exists(host.StoreHere) && MayBeLocal(wanted) && Find(wanted.Candidates, wanted.Policy) is not null;

    /// <summary>A layout, an archive and a daemon are at hand: what a tag means there now is always looked up, unless
    /// that is forbidden.</summary>
    private static bool MayBeLocal(WantedImage wanted) =>
        wanted.Policy == PullPolicy.Never
        || (
            wanted.Policy == PullPolicy.Missing
            && wanted.Candidates[0].Transport is ImageTransport.Docker or ImageTransport.Builtin
        );

    /// <summary>Pulls, without the lease: a prune goes on beside it. Then has what the prune took fetched
    /// again.</summary>
    private async Task<PulledImage> PullAsync(
        IReadOnlyList<ImageReference> candidates,
        StoreLease lease,
        CancellationToken cancellation
    )
    {
        ImagePuller puller = host.Puller(progress);
        for (int attempt = 1; ; attempt++)
        {
            PulledImage pulled = await lease.WithoutAsync(
                () => puller.PullAsync(candidates, Platform.Current, host.OpenStore(), cancellation),
                cancellation
            );
            if (host.OpenStore().HasWhole(pulled.DiffIds))
            {
                return pulled;
            }

            if (attempt == MaxPulls)
            {
                throw ChangesEachTime(pulled.Reference.ToString());
            }

            host.Note($"{pulled.Reference}: layers that were there were pruned meanwhile; fetching them");
        }
    }

    private bool IsWhole(StoredImage image) =>
        image.Mounted.Values.All(IsWhole)
        && image.Record.DiffIds.All(host.OpenStore().HasLayer)
        && HasBlob(image.Record.ManifestDigest)
        && HasBlob(image.Record.ConfigDigest);

    private bool HasBlob(Digest digest) =>
        host.OpenStore().HasBlob(digest) || host.OpenStore().Below?.HasBlob(digest) == true;

    private static SysctrException ChangesEachTime(string what) =>
        new(
            ErrorKind.Locked,
            $"fetching {what}: others prune or change it each time before it can be used",
            "try again when they have ended"
        );

    /// <summary>Makes what was pulled durable, and then its names visible.</summary>
    private StoredImage[] Keep(
        PulledImage pulled,
        IEnumerable<ImageReference> references,
        CancellationToken cancellation
    )
    {
        string? seal = SealCheck.Of(
            pulled.Reference.ToString(),
            pulled.Manifest,
            pulled.ConfigBytes,
            pulled.Config,
            pulled.DiffIds,
            host.OpenStore(),
            host.Note,
            cancellation
        );
        bool isNew =
            host.OpenStore().HasStagedLayers
            || !host.OpenStore().HasBlob(pulled.ManifestDigest)
            || !host.OpenStore().HasBlob(pulled.ConfigDigest);
        string? intent = isNew ? host.Transactions.Begin(TransactionRecord.Pull()) : null;
        host.OpenStore().Commit();
        if (host.OpenStore().Times.Changed is { Count: > 0 } times)
        {
            host.Note(
                $"{pulled.Reference}: warning: {times.Count} of its files, such as {times.Example}, {(times.Count == 1 ? "has a time" : "have times")} that the file system of {host.StoreHere} "
                    + "can't keep; they got the nearest that it can, and are checked against that"
            );
            host.OpenStore().Times.Forget();
        }

        host.OpenStore().PutBlob(pulled.ManifestDigest, pulled.Manifest);
        host.OpenStore().PutBlob(pulled.ConfigDigest, pulled.ConfigBytes);
        StoredImage[] kept =
        [
            .. references.Select(r => new StoredImage(
                new ImageRecord(
                    r.ToString(),
                    pulled.ManifestDigest,
                    pulled.ConfigDigest,
                    pulled.DiffIds,
                    DateTimeOffset.UtcNow
                )
                {
                    // By another name other rules count.
                    Judgement = r == pulled.Reference ? pulled.Judgement : null,
                    Proofs = r == pulled.Reference && pulled.Proofs.Count > 0 ? pulled.Proofs : null,
                    Attestations = pulled.Attestations.Count > 0 ? pulled.Attestations : null,
                    Seal = seal,
                },
                pulled.Config,
                host.OpenStore()
            )),
        ];
        foreach (StoredImage image in kept)
        {
            host.OpenStore().Images.Set(image.Record);
        }

        if (intent is not null)
        {
            IntentRecords.EndLater(intent, host.Note);
        }

        return kept;
    }

    /// <summary>Throws unless an image of the store may be used as it is there, without asking anybody.</summary>
    /// <exception cref="SysctrException">Policy: it may not, or has to be judged first.</exception>
    public void RequireJudged(ImageRecord record)
    {
        ImageReference name = ImageReference.Parse(record.Reference);
        if (!IsJudged(name, record))
        {
            throw NotJudged(name, "'sysctr pull' it: its signatures are fetched then");
        }
    }

    private bool IsJudged(ImageReference name, ImageRecord record)
    {
        host.SignaturePolicy.Check(name);
        return host.JudgementFor(name) is not { } judgement || judgement == record.Judgement;
    }

    private static SysctrException NotJudged(ImageReference name, string hint) =>
        new(
            ErrorKind.Policy,
            $"using {name.Identity} from the store: the policy asks for signatures that were not looked at when it was pulled",
            hint
        );

    private StoredImage? Find(IReadOnlyList<ImageReference> candidates, PullPolicy policy)
    {
        foreach (ImageReference candidate in candidates)
        {
            if (
                host.OpenStore().Images.Find(candidate.ToString()) is { } record
                && record.DiffIds.All(host.OpenStore().HasLayer)
            )
            {
                if (IsJudged(candidate, record))
                {
                    return Open(record);
                }

                // The policy or a key was changed since: its signatures are fetched again, and of its layers what is
                // not here. Attack: a later registry's image of the same short name, used because of that.
                return policy != PullPolicy.Never
                    ? null
                    : throw NotJudged(candidate, "leave out --pull never, or 'sysctr pull' it");
            }
        }

        return null;
    }

    /// <summary>The images that a deployment was made of.</summary>
    /// <exception cref="SysctrException">Corrupt: the store does not have one.</exception>
    public StoredImage Open(ContainerRecord record) =>
        Open(record.AsImage()) with
        {
            Mounted = record.MountedImages.ToDictionary(
                m => m.Name,
                m => Open(m.AsImage(record.InstalledAt)),
                StringComparer.Ordinal
            ),
        };

    /// <summary>An image that a ref or a deployment's record names, with its configuration from the store.</summary>
    /// <exception cref="SysctrException">Corrupt: the store does not have it.</exception>
    public StoredImage Open(ImageRecord record) => new(record, ReadConfig(record), host.OpenStore());

    private ImageConfig ReadConfig(ImageRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(
                host.OpenStore().ReadBlob(record.ConfigDigest),
                OciJson.Default.ImageConfig
            )!;
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading the configuration {record.ConfigDigest} of {record.Reference}: {JsonFault.Of(e)}",
                inner: e
            );
        }
    }
}
