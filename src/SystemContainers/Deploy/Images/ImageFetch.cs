using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using SystemContainers.Store;

namespace SystemContainers.Deploy;

/// <summary>Gets an image into the store, or finds it there.</summary>
sealed class ImageFetch(Host host, IPullProgress progress)
{
    /// <summary>The image that the user named, all its layers in the store, and a ref that keeps them there.</summary>
    /// <exception cref="SysctrException">As the puller gives; NotFound where the policy is never and the store lacks it.</exception>
    public async Task<StoredImage> FetchAsync(string typed, PullPolicy policy, CancellationToken cancellation)
    {
        IReadOnlyList<ImageReference> candidates = host.Registries.Resolve(typed);
        host.LeaseStore(cancellation);
        if (MayBeLocal(candidates, policy) && Find(candidates) is { } there)
        {
            return there;
        }

        if (policy == PullPolicy.Never)
        {
            throw new SysctrException(
                ErrorKind.NotFound, $"looking for '{typed}' in the store: it is not there", "leave out --pull never, or 'sysctr pull' it");
        }

        PulledImage pulled = await PullAsync(candidates, cancellation);
        return Keep(pulled, [pulled.Reference])[0];
    }

    /// <summary>Fetches an image and keeps it by other names than its source's.</summary>
    /// <param name="typed">The source.</param>
    /// <param name="name">A name for it; null for those that an archive or daemon has for it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>One for each name; by its source's where there is none.</returns>
    /// <exception cref="SysctrException">As the puller gives; Usage: the name is none.</exception>
    public async Task<IReadOnlyList<StoredImage>> FetchAsAsync(string typed, string? name, CancellationToken cancellation)
    {
        IReadOnlyList<ImageReference> candidates = host.Registries.Resolve(typed);
        ImageNames names = new(host);
        ImageReference? kept = name is null ? null : names.ForTag(name, $"pulling {typed}");
        host.LeaseStore(cancellation);
        PulledImage pulled = await PullAsync(candidates, cancellation);
        ImageReference[] references = kept is not null ? [kept] : [.. pulled.Names.Select(n => names.ForTag(n, $"pulling {typed}")).Distinct()];
        return Keep(pulled, references.DefaultIfEmpty(pulled.Reference));
    }

    /// <summary>Whether <see cref="FetchAsync"/> would change nothing; asks without making a store where there is none.</summary>
    public bool IsStored(string typed, PullPolicy policy) =>
        Directory.Exists(host.StoreHere) && host.Registries.Resolve(typed) is var candidates && MayBeLocal(candidates, policy) && Find(candidates) is not null;

    /// <summary>A layout, an archive and a daemon are at hand: what a tag means there now is always looked up, unless that is forbidden.</summary>
    private static bool MayBeLocal(IReadOnlyList<ImageReference> candidates, PullPolicy policy) =>
        policy == PullPolicy.Never || (policy == PullPolicy.Missing && candidates[0].Transport == ImageTransport.Docker);

    private async Task<PulledImage> PullAsync(IReadOnlyList<ImageReference> candidates, CancellationToken cancellation)
    {
        ImagePuller puller = new(host.Registries, CredentialStore.OfUser(host.Registries), SignaturePolicy.Load(host.User), progress, host.PullOptions);
        return await puller.PullAsync(candidates, Platform.Current, host.Store, cancellation);
    }

    /// <summary>Makes what was pulled durable, and then its names visible.</summary>
    private StoredImage[] Keep(PulledImage pulled, IEnumerable<ImageReference> references)
    {
        bool isNew = host.Store.HasStagedLayers || !host.Store.HasBlob(pulled.ManifestDigest) || !host.Store.HasBlob(pulled.ConfigDigest);
        string? intent = isNew ? host.Transactions.Begin(TransactionRecord.Pull()) : null;
        host.Store.Commit();
        host.Store.PutBlob(pulled.ManifestDigest, pulled.Manifest);
        host.Store.PutBlob(pulled.ConfigDigest, pulled.ConfigBytes);
        StoredImage[] kept =
        [
            .. references.Select(r => new StoredImage(
                new ImageRecord(r.ToString(), pulled.ManifestDigest, pulled.ConfigDigest, pulled.DiffIds, DateTimeOffset.UtcNow), pulled.Config)),
        ];
        foreach (StoredImage image in kept)
        {
            host.Store.Images.Set(image.Record);
        }

        if (intent is not null)
        {
            Transactions.EndLater(intent, host.Note);
        }

        return kept;
    }

    private StoredImage? Find(IReadOnlyList<ImageReference> candidates)
    {
        foreach (ImageReference candidate in candidates)
        {
            if (host.Store.Images.Find(candidate.ToString()) is { } record && record.DiffIds.All(host.Store.HasLayer))
            {
                SignaturePolicy.Load(host.User).Check(candidate);
                return Open(record);
            }
        }

        return null;
    }

    /// <summary>An image that a ref or a deployment's record names, with its configuration from the store.</summary>
    /// <exception cref="SysctrException">Corrupt: the store does not have it.</exception>
    public StoredImage Open(ImageRecord record) => new(record, ReadConfig(record));

    private ImageConfig ReadConfig(ImageRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(host.Store.ReadBlob(record.ConfigDigest), OciJson.Default.ImageConfig)!;
        }
        catch (JsonException e)
        {
            throw new SysctrException(ErrorKind.Corrupt, $"reading the configuration {record.ConfigDigest} of {record.Reference}: {e.Message}", inner: e);
        }
    }
}
