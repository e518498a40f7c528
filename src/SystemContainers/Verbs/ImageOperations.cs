// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.History;
using SystemContainers.Images;
using SystemContainers.Oci;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>pull, tag, delete, update, verify and prune of images in the store. Containers are never touched: they have
/// their files.</summary>
sealed class ImageOperations(Host host, IPullProgress progress, Action<string> note)
{
    private readonly ImageNames _names = new(host);

    /// <summary>Fetches an image, and keeps its name or others.</summary>
    /// <param name="typed">The source.</param>
    /// <param name="name">A name for it; null for its source's, or where <paramref name="keepNames"/> those that an
    /// archive or daemon has for it.</param>
    /// <param name="keepNames">Whether an archive's names count.</param>
    /// <returns>One for each name.</returns>
    /// <exception cref="SysctrException">As the puller gives; Usage: the name is none.</exception>
    public async Task<IReadOnlyList<StoredImage>> PullAsync(
        string typed,
        string? name,
        bool keepNames,
        CancellationToken cancellation
    )
    {
        await host.RecoverPendingAsync(cancellation);
        WantedImage wanted = new(host.Registries, typed, PullPolicy.Always);
        return await TellAsync(
            "pull",
            wanted.Candidates[0].ToString(),
            async () =>
                name is not null || keepNames
                    ? await new ImageFetch(host, progress).FetchAsAsync(wanted, name, cancellation)
                    : [await FetchAsync(wanted, cancellation)]
        );
    }

    /// <summary>Gives an image a further name.</summary>
    /// <exception cref="SysctrException">NotFound: the store does not have it; Usage: the new name is none.</exception>
    /// <param name="image">What the user typed.</param>
    /// <param name="name">The new name.</param>
    /// <param name="cancellation">Ends the wait for a prune.</param>
    public async Task TagAsync(string image, string name, CancellationToken cancellation)
    {
        await host.RecoverPendingAsync(cancellation);

        // A prune beside it would take what the new name is about to keep.
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        ImageRecord record = _names.Find(image)[0];
        ImageReference reference = _names.ForTag(name, $"tagging {record.Reference}");
        ImageRecord? before = host.OpenStore().Images.Find(reference.ToString());

        // By another name other rules count.
        string? judgement = reference.ToString() == record.Reference ? record.Judgement : null;
        host.OpenStore()
            .Images.Set(
                record with
                {
                    Reference = reference.ToString(),
                    Judgement = judgement,
                    Proofs = judgement is null ? null : record.Proofs,
                }
            );
        Tell("images tag", reference.ToString(), before?.ManifestDigest, record.ManifestDigest, HistoryOrigin.Now());
        note($"{reference}: {record.ConfigDigest.Short}");
    }

    /// <summary>Removes names; by an ID all names of the image. The files go with the next prune.</summary>
    /// <param name="image">What the user typed.</param>
    /// <param name="force">Also where containers use it.</param>
    /// <param name="cancellation">Ends the wait for a prune.</param>
    /// <exception cref="SysctrException">Conflict: containers use it, and <paramref name="force"/> is not given;
    /// NotFound.</exception>
    public void Delete(string image, bool force, CancellationToken cancellation)
    {
        // A prune beside it reads every name, and then what these need.
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        foreach (ImageRecord record in _names.Find(image))
        {
            IReadOnlyList<string> users = _names.UsersOf(record);
            if (users.Count > 0 && !force)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"deleting {record.Reference}: {string.Join(", ", users)} use{(users.Count == 1 ? "s" : "")} it",
                    "uninstall them first; or --force: they keep their files, and an update fetches it again"
                );
            }

            Remove(record);
        }
    }

    /// <summary>Removes every name; those of images that containers use stay, and are told.</summary>
    /// <param name="force">These go too.</param>
    /// <param name="cancellation">Ends the wait for a prune.</param>
    public void DeleteAll(bool force, CancellationToken cancellation)
    {
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        IReadOnlyList<ContainerRecord> deployments = force ? [] : host.Catalog.All();
        foreach (ImageRecord record in host.OpenStore().Images.List())
        {
            IReadOnlyList<string> users = ImageNames.UsersOf(record, deployments);
            if (users.Count > 0)
            {
                note($"{record.Reference}: stays, {string.Join(", ", users)} use{(users.Count == 1 ? "s" : "")} it");
                continue;
            }

            Remove(record);
        }
    }

    /// <summary>Asks an image's source whether its name means another one now, and fetches that.</summary>
    /// <returns>The name, with the manifest's digest before and after.</returns>
    /// <exception cref="SysctrException">As a pull.</exception>
    public async Task<HistoryImage> UpdateAsync(string image, CancellationToken cancellation)
    {
        await host.RecoverPendingAsync(cancellation);
        ImageRecord before = _names.Find(image)[0];
        StoredImage after = (
            await TellAsync(
                "images update",
                before.Reference,
                async () =>
                    [
                        await FetchAsync(
                            new WantedImage(host.Registries, before.Reference, PullPolicy.Always),
                            cancellation
                        ),
                    ]
            )
        )[0];
        bool changed = after.Record.ManifestDigest != before.ManifestDigest;
        note(
            changed
                ? $"{before.Reference}: updated from {before.ConfigDigest.Short} to {after.Record.ConfigDigest.Short}"
                : $"{before.Reference}: is up to date"
        );
        return new HistoryImage(
            before.Reference,
            before.ManifestDigest.ToString(),
            after.Record.ManifestDigest.ToString()
        );
    }

    /// <summary>Reads all files of an image and compares them with their digests; and asks the registry whether it has
    /// a newer one.</summary>
    /// <param name="image">What the user typed.</param>
    /// <param name="ask">Whether the registry is asked.</param>
    /// <exception cref="SysctrException">Corrupt: names every file that is not as it was pulled.</exception>
    public async Task<ImageVerdict> VerifyAsync(string image, bool ask, CancellationToken cancellation)
    {
        ImageRecord record = _names.Find(image)[0];
        string[] wrong = Wrong(record, cancellation);
        if (wrong.Length > 0)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"verifying {record.Reference}: {wrong.Length} files are not as they were pulled\n  {string.Join("\n  ", wrong.Take(20))}",
                "'sysctr fsck --repair' fetches again what is wrong"
            );
        }

        note($"{record.Reference}: {record.DiffIds.Count} layers, every file is as it was pulled");
        ImageReference reference = host.Registries.Resolve(record.Reference)[0];
        string? current = null;
        if (ask)
        {
            Digest now = await host.Puller(progress).FindAsync([reference], Platform.Current, cancellation);
            note(
                now == record.ManifestDigest
                    ? $"{record.Reference}: its source has no newer one"
                    : $"{record.Reference}: its source has another one now, {now}; 'sysctr images update' fetches it"
            );
            current = now.ToString();
        }

        return new ImageVerdict(
            record.Reference,
            record.ConfigDigest.ToString(),
            record.ManifestDigest.ToString(),
            record.DiffIds.Count,
            current
        );
    }

    /// <summary>Removes everything from the store that no name and no deployment needs.</summary>
    /// <param name="all">Names that no container uses go first.</param>
    /// <param name="cancellation">Ends the wait for installs that are under way.</param>
    public async Task<PruneResult> PruneAsync(bool all, CancellationToken cancellation)
    {
        await host.RecoverAsync(cancellation);
        HistoryOrigin origin = HistoryOrigin.Now();
        using IDisposable alone = host.Locks.LockStore(cancellation);
        return new StorePrune(host).Run(all, note, origin);
    }

    private void Remove(ImageRecord record)
    {
        host.OpenStore().Images.Delete(record.Reference);
        Tell("images delete", record.Reference, record.ManifestDigest, null, HistoryOrigin.Now());
        note($"{record.Reference}: deleted");
    }

    private string[] Wrong(ImageRecord record, CancellationToken cancellation)
    {
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        host.OpenStore().ReadBlob(record.ManifestDigest);
        host.OpenStore().ReadBlob(record.ConfigDigest);
        return [.. record.DiffIds.SelectMany(host.OpenStore().VerifyLayer)];
    }

    private async Task<StoredImage> FetchAsync(WantedImage wanted, CancellationToken cancellation)
    {
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        return await new ImageFetch(host, progress).FetchAsync(wanted, lease, cancellation);
    }

    /// <summary>Tells of every name that means another image than before; one that means the same is no news.</summary>
    private Task<IReadOnlyList<StoredImage>> TellAsync(
        string operation,
        string reference,
        Func<Task<IReadOnlyList<StoredImage>>> fetch
    ) =>
        host.History.RunOnImageAsync(
            operation,
            reference,
            async origin =>
            {
                Dictionary<string, Digest> before = host.OpenStore()
                    .Images.Examine()
                    .Select(i => i.Record)
                    .OfType<ImageRecord>()
                    .ToDictionary(r => r.Reference, r => r.ManifestDigest, StringComparer.Ordinal);
                IReadOnlyList<StoredImage> kept = await fetch();
                foreach (ImageRecord record in kept.Select(k => k.Record))
                {
                    Tell(
                        operation,
                        record.Reference,
                        before.TryGetValue(record.Reference, out Digest digest) ? digest : null,
                        record.ManifestDigest,
                        origin
                    );
                }

                return kept;
            }
        );

    private void Tell(string operation, string reference, Digest? from, Digest? to, HistoryOrigin origin)
    {
        if (from != to)
        {
            host.History.Add(
                HistoryLog.OfImage(operation, new HistoryImage(reference, from?.ToString(), to?.ToString()), origin)
            );
        }
    }
}
