// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Verity;
using SystemContainers.Oci;
using SystemContainers.Oci.Seals;
using SystemContainers.Store;

namespace SystemContainers.Seals;

/// <summary>Holds an image against what it says of itself. Who trusts its manifest, by a signature or a digest, trusts
/// with that each byte of the tree.</summary>
static class SealCheck
{
    /// <summary>Checks an image whose layers are in the store, committed or not.</summary>
    /// <param name="name">What it is called, for messages.</param>
    /// <param name="config">The same, parsed.</param>
    /// <param name="diffIds">Its layers, base first.</param>
    /// <param name="note">Says what could not be compared.</param>
    /// <returns>The annotation of its tree that holds, with the digest; null where it says nothing that could be
    /// compared.</returns>
    /// <exception cref="SysctrException">Corrupt: it is not what it says; Unsafe: what it says is no
    /// digest.</exception>
    public static string? Of(
        string name,
        byte[] manifest,
        byte[] configBytes,
        ImageConfig config,
        IReadOnlyList<Digest> diffIds,
        ContentStore store,
        Action<string> note,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<SealClaim> claims = Claims(name, manifest, config);
        foreach (
            SealClaim claim in claims.Where(c =>
                c.Subject == SealSubject.Configuration && c.Hex != DigestOf(c.Algorithm, configBytes)
            )
        )
        {
            throw Differs(name, claim, "configuration");
        }

        SealClaim[] trees = [.. claims.Where(c => c.Subject != SealSubject.Configuration)];
        if (trees.Length == 0)
        {
            return null;
        }

        Lazy<SealedTree> tree = new(() => SealedTree.Of(store, diffIds, cancellation));
        string? holds = null;
        foreach (SealClaim claim in trees)
        {
            if (Holds(tree, claim))
            {
                holds ??= $"{claim.Key}={claim.Hex}";
            }
            else if (claim.Subject == SealSubject.Tree)
            {
                throw Differs(name, claim, "tree");
            }
            else
            {
                note(
                    $"{name}: its label {claim.Key} is not the digest of its tree as version 1 of the format has it; which version is meant it does not say"
                );
            }
        }

        return holds;
    }

    private static IReadOnlyList<SealClaim> Claims(string name, byte[] manifest, ImageConfig config)
    {
        try
        {
            return SealClaim.Of(JsonSerializer.Deserialize(manifest, OciJson.Default.ImageManifest)!, config);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Unsafe)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"pulling {name}: {e.Message}",
                "whoever made the image has to compute it anew; nothing of it is used",
                e
            );
        }
    }

    /// <summary>A label may be of a tree that no image of ours can hold.</summary>
    private static bool Holds(Lazy<SealedTree> tree, SealClaim claim)
    {
        try
        {
            return tree.Value.Has(claim.Algorithm, claim.Hex);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Unsafe && claim.Subject == SealSubject.Labelled)
        {
            return false;
        }
    }

    private static string DigestOf(VerityAlgorithm algorithm, ReadOnlySpan<byte> bytes)
    {
        VerityHasher hasher = new(algorithm);
        hasher.Append(bytes);
        return hasher.FinishHex();
    }

    private static SysctrException Differs(string name, SealClaim claim, string what) =>
        new(
            ErrorKind.Corrupt,
            $"pulling {name}: its {what} is not the one that its annotation {claim.Key} names, {claim.Hex}",
            "whoever made the image has to compute it anew; nothing of it is used"
        );
}
