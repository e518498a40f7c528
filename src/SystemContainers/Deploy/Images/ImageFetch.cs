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

        // A layout is at hand: what its tag means now costs a look at two small files.
        bool local = policy != PullPolicy.Always && candidates[0].Transport == ImageTransport.Docker;
        if (local && Find(candidates) is { } there)
        {
            return there;
        }

        if (policy == PullPolicy.Never)
        {
            throw new SysctrException(
                ErrorKind.NotFound, $"looking for '{typed}' in the store: it is not there", "leave out --pull never, or 'sysctr pull' it");
        }

        ImagePuller puller = new(host.Registries, CredentialStore.OfUser(host.Registries), SignaturePolicy.Load(), progress);
        PulledImage pulled = await puller.PullAsync(candidates, Platform.Current, host.Store, cancellation);
        ImageRecord record = new(
            pulled.Reference.ToString(), pulled.ManifestDigest, pulled.ConfigDigest, pulled.DiffIds, DateTimeOffset.UtcNow);
        bool isNew = host.Store.HasStagedLayers || !host.Store.HasBlob(pulled.ManifestDigest) || !host.Store.HasBlob(pulled.ConfigDigest);
        string? intent = isNew ? host.Transactions.Begin(TransactionRecord.Pull()) : null;
        host.Store.Commit();
        host.Store.PutBlob(pulled.ManifestDigest, pulled.Manifest);
        host.Store.PutBlob(pulled.ConfigDigest, pulled.ConfigBytes);
        host.Store.Images.Set(record);
        if (intent is not null)
        {
            Transactions.End(intent);
        }

        return new StoredImage(record, pulled.Config);
    }

    /// <summary>Whether <see cref="FetchAsync"/> would change nothing; asks without making a store where there is none.</summary>
    public bool IsStored(string typed, PullPolicy policy) =>
        policy != PullPolicy.Always && Directory.Exists(host.StoreHere) &&
        host.Registries.Resolve(typed) is [{ Transport: ImageTransport.Docker }, ..] candidates && Find(candidates) is not null;

    private StoredImage? Find(IReadOnlyList<ImageReference> candidates)
    {
        foreach (ImageReference candidate in candidates)
        {
            if (host.Store.Images.Find(candidate.ToString()) is { } record && record.DiffIds.All(host.Store.HasLayer))
            {
                SignaturePolicy.Load().Check(candidate);
                return new StoredImage(record, ReadConfig(record));
            }
        }

        return null;
    }

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
