// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck;
using SystemContainers.Fsck.Findings;
using SystemContainers.Mounts;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Verify;

/// <summary>
/// Is it still what was pulled, would it be pulled today, and is there a newer one? The store against its digests, the
/// deployment against its layers, the image against the policy as it is now, and its source. Reads only; what is broken
/// is for fsck to mend.
/// </summary>
/// <param name="offline">Whether nobody is asked: then what only a registry knows stays open.</param>
sealed class VerifyOperation(Host host, bool offline)
{
    private const int Told = 20;

    private readonly MountCatalog _mounts = new(host.Target, host.Locks);

    private readonly ImagePuller _puller = host.Puller(NoProgress.Instance);

    /// <summary>Checks one.</summary>
    /// <param name="name">A container, or an image by name or ID, as it was typed.</param>
    /// <param name="kind">Which of the two; null for the one that there is.</param>
    /// <exception cref="SysctrException">Usage, NotFound: as <see cref="MountSource.Find"/>.</exception>
    public async Task<VerifyReport> RunAsync(string name, MountKind? kind, CancellationToken cancellation)
    {
        MountSource source = MountSource.Find(host, "verifying", name, kind);
        List<VerifyCheck> checks = [];
        byte[]?[] manifests = new byte[]?[source.Images.Count];
        using (_mounts.Hold(host.StoreHere, source, cancellation))
        using (StoreLease lease = host.Locks.LeaseStore(cancellation))
        {
            checks.Add(Try("store", () => Store(source, manifests)));
            if (source.Container is { } container)
            {
                checks.Add(Try("deployment", () => Deployment(container)));
            }
        }

        // Never over the network with the store held.
        foreach ((int number, ImageRecord image) in source.Images.Index())
        {
            if (ImageReference.Parse(image.Reference) is { Transport: not ImageTransport.Builtin } reference)
            {
                VerifyCheck trust = await TrustAsync(reference, manifests[number], cancellation);
                VerifyCheck at = await SourceAsync(
                    reference,
                    image.ManifestDigest,
                    source.Container?.Name,
                    cancellation
                );
                checks.AddRange(
                    number == 0
                        ? [trust, at]
                        : ((VerifyCheck[])[trust, at]).Select(c => c with { Text = $"{reference}: {c.Text}" })
                );
            }
        }

        return new VerifyReport(
            source.Name,
            source.Image,
            source.ManifestDigest,
            [.. checks.Select(c => c with { Hint = TypedWords.For(host.Paths.TypedOptions, c.Hint) })]
        )
        {
            Deployment = source.Container?.Deployment,
        };
    }

    private VerifyCheck Store(MountSource source, byte[]?[] manifests)
    {
        Store.ContentStore store = host.OpenStore();
        foreach ((int number, ImageRecord image) in source.Images.Index())
        {
            manifests[number] = store.ReadBlob(image.ManifestDigest);
            store.ReadBlob(image.ConfigDigest);
        }

        Digest[] layers = [.. source.Images.SelectMany(i => i.DiffIds).Distinct()];
        string[] wrong = [.. layers.SelectMany(store.VerifyLayer)];
        return wrong.Length == 0
            ? new VerifyCheck("store", VerifyState.Ok, $"{layers.Length} layers, every file is as it was pulled")
            : Failed("store", $"{wrong.Length} files are not as they were pulled", wrong);
    }

    private VerifyCheck Deployment(ContainerRecord container)
    {
        FindingLog log = new();
        RootfsCheck check = new(host.Target, host.OpenStore(), content: true, log);
        bool right = check.Run(container) && !check.LacksConfig;
        IReadOnlyList<Finding> found = log.Sorted();
        string[] lines = [.. found.Select(f => $"{f.Path} {f.Text}")];
        if (right && found.Any(f => f.Kind == FindingKind.NotChecked))
        {
            return new VerifyCheck(
                "deployment",
                VerifyState.Unknown,
                $"deployment {container.Deployment} could not be compared"
            )
            {
                Details = lines,
            };
        }

        right &= !found.Any(f => f.IsLeft);
        return right && container.RemoteRootfs is { } remote
                ? new VerifyCheck("deployment", VerifyState.Unknown, $"its root is {remote}, of which nothing is known")
            : right
                ? new VerifyCheck(
                    "deployment",
                    VerifyState.Ok,
                    $"deployment {container.Deployment} is what its layers say"
                )
                {
                    Details = lines.Length > 0 ? lines : null,
                }
            : Failed("deployment", $"deployment {container.Deployment} is not what its layers say", lines);
    }

    private static VerifyCheck Failed(string name, string text, string[] details) =>
        new(name, VerifyState.Failed, text)
        {
            Details =
            [
                .. details.Take(Told),
                .. details.Length > Told ? (string[])[$"and {details.Length - Told} more"] : [],
            ],
            Hint = "'sysctr fsck --repair' mends what can be mended",
            Kind = ErrorKind.Corrupt,
        };

    private async Task<VerifyCheck> TrustAsync(
        ImageReference reference,
        byte[]? manifest,
        CancellationToken cancellation
    )
    {
        const string name = "trust";
        try
        {
            bool proof = _puller.MustBeProved(reference);
            if (!proof)
            {
                return new VerifyCheck(name, VerifyState.Ok, "the policy asks for no signature");
            }

            if (offline || manifest is null)
            {
                return new VerifyCheck(
                    name,
                    VerifyState.Unknown,
                    manifest is null
                        ? "without its manifest nobody can tell"
                        : "the policy asks for signatures, which were not fetched (--offline)"
                );
            }

            IReadOnlyList<ImageProof> proofs = await _puller.JudgeStoredAsync(reference, manifest, cancellation);
            return new VerifyCheck(name, VerifyState.Ok, "it is signed as the policy asks for") { Proofs = proofs };
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            return new VerifyCheck(name, VerifyState.Failed, e.Message) { Hint = e.Hint, Kind = ErrorKind.Policy };
        }
        catch (SysctrException e)
        {
            return new VerifyCheck(name, VerifyState.Unknown, e.Message) { Hint = e.Hint, Kind = e.Kind };
        }
    }

    private async Task<VerifyCheck> SourceAsync(
        ImageReference reference,
        Digest digest,
        string? container,
        CancellationToken cancellation
    )
    {
        const string name = "source";
        if (offline)
        {
            return new VerifyCheck(name, VerifyState.Unknown, "it was not asked (--offline)");
        }

        try
        {
            Digest now = await _puller.FindAsync([reference], Platform.Current, cancellation);
            return now == digest
                ? new VerifyCheck(name, VerifyState.Ok, "it has no other image by this name")
                : new VerifyCheck(name, VerifyState.Newer, $"it has another image now, {now}")
                {
                    Hint = container is null
                        ? "'sysctr images update' fetches it"
                        : $"'sysctr update {container}' installs it",
                };
        }
        catch (SysctrException e)
        {
            // That a policy forbids it has been told.
            return new VerifyCheck(name, VerifyState.Unknown, e.Message)
            {
                Hint = e.Hint,
                Kind = e.Kind == ErrorKind.Policy ? null : e.Kind,
            };
        }
    }

    private static VerifyCheck Try(string name, Func<VerifyCheck> check)
    {
        try
        {
            return check();
        }
        catch (SysctrException e)
        {
            return Failed(name, e.Message, []) with
            {
                Hint = e.Hint ?? "'sysctr fsck --repair' mends what can be mended",
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(name, e.Message, []) with { Kind = ErrorKind.Storage };
        }
    }
}
