// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Checkout;
using SystemContainers.Composefs;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Verity;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tree;

namespace SystemContainers.Seals;

/// <summary>
/// An image's tree as who seals it has it, whatever host they build on (composefs-rs, FileSystem::transform_for_oci, of
/// 2026-08): the root is as /usr is, for archives may or may not have one; /run is empty, with the time of /usr; and of
/// attributes there are capabilities alone, or those of users too. It is not the tree that is mounted here: that has no
/// devices and more mount points. Both are made of the same layers, which the digest is proof of.
/// </summary>
sealed class SealedTree
{
    private const string Doing = "comparing an image with what it says of its tree";

    private static readonly byte[] s_capability = [.. "security.capability"u8];

    private readonly ContentStore _store;
    private readonly TreeDirectory _root;
    private readonly Dictionary<ObjectKey, byte[]> _digests = [];

    private readonly CancellationToken _cancellation;

    private SealedTree(ContentStore store, TreeDirectory root, CancellationToken cancellation)
    {
        _store = store;
        _root = root;
        _cancellation = cancellation;
    }

    /// <summary>Merges layers of the store.</summary>
    /// <param name="diffIds">Base first.</param>
    /// <param name="cancellation">Ends what is asked of it: for SHA-512 all contents are read.</param>
    /// <exception cref="SysctrException">As merging them gives; Unsafe: there is no directory /usr, without which
    /// nothing of it can be sealed.</exception>
    public static SealedTree Of(ContentStore store, IReadOnlyList<Digest> diffIds, CancellationToken cancellation)
    {
        TreeDirectory root = MergedTree.Merge(store, diffIds, ObjectForm.Content);
        if (!root.TryGet("usr"u8, out TreeNode? node) || node is not TreeDirectory usr)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{Doing}: it has no directory /usr, so nobody can have computed its digest"
            );
        }

        root.Described = usr.Metadata;
        if (root.TryGet("run"u8, out node) && node is TreeDirectory run)
        {
            root.Set(
                [.. "run"u8],
                new TreeDirectory(
                    run.Metadata with
                    {
                        MtimeSeconds = usr.Metadata.MtimeSeconds,
                        MtimeNanoseconds = usr.Metadata.MtimeNanoseconds,
                    }
                ),
                layer: -1
            );
        }

        return new SealedTree(store, root, cancellation);
    }

    /// <summary>Whether its image has a digest, with the attributes of users or without.</summary>
    /// <param name="algorithm">Of the digest, and of those in the image.</param>
    /// <param name="hex">It, in small letters.</param>
    /// <exception cref="SysctrException">Unsafe: no image can hold the tree; Corrupt: the store lacks an
    /// object.</exception>
    public bool Has(VerityAlgorithm algorithm, string hex) =>
        DigestOf(algorithm, ofUsers: false) == hex || DigestOf(algorithm, ofUsers: true) == hex;

    /// <summary>The digest of its image.</summary>
    /// <param name="algorithm">As above.</param>
    /// <param name="ofUsers">Whether attributes of users (user.*) stay.</param>
    /// <exception cref="SysctrException">As above.</exception>
    public string DigestOf(VerityAlgorithm algorithm, bool ofUsers)
    {
        using VerityStream stream = new(algorithm);
        new ComposefsImage(
            Filtered(_root, ofUsers, []),
            algorithm == VerityAlgorithm.Sha256 ? ContentNames.OfStore : new ContentNames(algorithm, Digest512)
        ).Write(entry => _store.ReadObject(entry, Doing), stream);
        return stream.FinishHex();
    }

    /// <summary>A file of several names is one file again.</summary>
    private static TreeDirectory Filtered(TreeDirectory directory, bool ofUsers, Dictionary<TreeLeaf, TreeLeaf> leaves)
    {
        TreeDirectory copy = new(Filtered(directory.Metadata, ofUsers));
        foreach ((byte[] name, TreeSlot slot) in directory)
        {
            copy.Set(
                name,
                slot.Node is TreeDirectory inner ? Filtered(inner, ofUsers, leaves) : Leaf((TreeLeaf)slot.Node),
                layer: -1
            );
        }

        return copy;

        TreeLeaf Leaf(TreeLeaf leaf)
        {
            if (leaf.Metadata.Xattrs.Count == 0)
            {
                return leaf;
            }

            if (!leaves.TryGetValue(leaf, out TreeLeaf? filtered))
            {
                leaves[leaf] = filtered = new TreeLeaf(leaf.Entry.With(Filtered(leaf.Metadata, ofUsers)));
            }

            return filtered;
        }
    }

    private static FileMetadata Filtered(FileMetadata metadata, bool ofUsers) =>
        metadata.Xattrs.Count == 0
            ? metadata
            : metadata with
            {
                Xattrs =
                [
                    .. metadata.Xattrs.Where(x =>
                        x.Name.AsSpan().SequenceEqual(s_capability)
                        || (ofUsers && x.Name.AsSpan().StartsWith("user."u8))
                    ),
                ],
            };

    /// <summary>The store has no names by it: each content is read, once.</summary>
    private void Digest512(ObjectKey key, Span<byte> digest)
    {
        if (!_digests.TryGetValue(key, out byte[]? known))
        {
            _cancellation.ThrowIfCancellationRequested();
            VerityHasher hasher = new(VerityAlgorithm.Sha512);
            using SafeFileHandle file = _store.OpenObject(key);
            FileBytes.Each(file, hasher.Append);
            known = new byte[VerityHasher.SizeOf(VerityAlgorithm.Sha512)];
            hasher.Finish(known);
            _digests.Add(key, known);
        }

        known.CopyTo(digest);
    }
}
