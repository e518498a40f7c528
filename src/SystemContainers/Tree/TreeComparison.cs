// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Tree;

/// <summary>
/// Compares two merged trees. An object's key says everything of a file, so contents are read only where the key
/// differs and owner, mode, attributes or time do too, and the size does not.
/// </summary>
/// <param name="after">The other one.</param>
/// <param name="maxPathLength">See <see cref="MaxPathLength"/>.</param>
sealed class TreeComparison(MergedTree before, MergedTree after, long maxPathLength)
{
    private const int BufferBytes = 1 << 16;

    /// <summary>
    /// Paths of all changes together, in characters. Attack: a million names below two thousand directories, of which
    /// the trees know each once and a list of paths all of them each time.
    /// </summary>
    internal const long MaxPathLength = 128 << 20;

    private readonly List<TreeChange> _changes = [];
    private long _pathLength;

    /// <summary>The paths that differ, each directory before what is in it.</summary>
    /// <exception cref="SysctrException">Unsafe: they are too long together.</exception>
    public static IReadOnlyList<TreeChange> Compare(
        MergedTree before,
        MergedTree after,
        long maxPathLength = MaxPathLength
    )
    {
        TreeComparison comparison = new(before, after, maxPathLength);
        comparison.Compare("", before.Root, after.Root);
        return comparison._changes;
    }

    private void Compare(string path, TreeDirectory old, TreeDirectory now)
    {
        foreach (
            byte[] name in old
                .Slots.Keys.Union(now.Slots.Keys, ByteNameComparer.Instance)
                .OrderBy(n => n, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))
        )
        {
            string full = $"{path}/{Encoding.UTF8.GetString(name)}";
            old.TryGet(name, out TreeNode? was);
            now.TryGet(name, out TreeNode? node);
            if (was is null)
            {
                Add(full, node!);
            }
            else if (node is null)
            {
                Add(full, TreeChangeKind.Deleted, []);
            }
            else
            {
                Compare(full, was, node);
            }
        }
    }

    private void Add(string path, TreeChangeKind kind, string[] what)
    {
        _pathLength += path.Length;
        if (_pathLength > maxPathLength)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"comparing the trees: the paths that differ have more than {maxPathLength} characters together",
                "sysctr(1), LIMITS, has what an image may have"
            );
        }

        _changes.Add(new TreeChange(path, kind, what));
    }

    private void Add(string path, TreeNode node)
    {
        Add(path, TreeChangeKind.Added, []);
        if (node is TreeDirectory directory)
        {
            Compare(path, new TreeDirectory(TreeDirectory.Undescribed), directory);
        }
    }

    private void Compare(string path, TreeNode was, TreeNode now)
    {
        // The very same inode of a layer that both images have.
        if (ReferenceEquals(was, now))
        {
            return;
        }

        string[] what = [.. Differences(was, now)];
        if (what.Length > 0)
        {
            Add(path, TreeChangeKind.Changed, what);
        }

        if (was is TreeDirectory old && now is TreeDirectory directory)
        {
            Compare(path, old, directory);
        }
        else if (now is TreeDirectory whole)
        {
            Compare(path, new TreeDirectory(TreeDirectory.Undescribed), whole);
        }
    }

    private IEnumerable<string> Differences(TreeNode was, TreeNode now)
    {
        LayerEntry? old = (was as TreeLeaf)?.Entry;
        LayerEntry? entry = (now as TreeLeaf)?.Entry;
        if (old?.Type != entry?.Type)
        {
            yield return "type";
        }
        else if (old is not null && entry is not null)
        {
            if (old.Type == TarEntryType.Regular && !IsSameContent(old, entry))
            {
                yield return "content";
            }

            if (old.Type == TarEntryType.Symlink && !old.LinkName.AsSpan().SequenceEqual(entry.LinkName))
            {
                yield return "target";
            }

            if (old.DeviceMajor != entry.DeviceMajor || old.DeviceMinor != entry.DeviceMinor)
            {
                yield return "device";
            }
        }

        if (was.Metadata.Mode != now.Metadata.Mode)
        {
            yield return "mode";
        }

        if (was.Metadata.Uid != now.Metadata.Uid || was.Metadata.Gid != now.Metadata.Gid)
        {
            yield return "owner";
        }

        if (!IsSameXattrs(was.Metadata.Xattrs, now.Metadata.Xattrs))
        {
            yield return "xattrs";
        }
    }

    private bool IsSameContent(LayerEntry old, LayerEntry now)
    {
        if (old.Size != now.Size || old.Size == 0)
        {
            return old.Size == now.Size;
        }

        if (old.Object.Equals(now.Object))
        {
            return true;
        }

        if (old.Form == ObjectForm.Content && now.Form == ObjectForm.Content)
        {
            return false;
        }

        FileMetadata a = old.Metadata;
        FileMetadata b = now.Metadata;
        bool metadataSame =
            a.Mode == b.Mode
            && a.Uid == b.Uid
            && a.Gid == b.Gid
            && a.MtimeSeconds == b.MtimeSeconds
            && a.MtimeNanoseconds == b.MtimeNanoseconds
            && IsSameXattrs(a.Xattrs, b.Xattrs);
        return (!metadataSame || old.Form != now.Form) && IsSameBytes(old.Object, now.Object);
    }

    private bool IsSameBytes(ObjectKey old, ObjectKey now)
    {
        using SafeFileHandle a = before.Store.OpenObject(old);
        using SafeFileHandle b = after.Store.OpenObject(now);
        byte[] left = new byte[BufferBytes];
        byte[] right = new byte[BufferBytes];
        for (long at = 0; ;)
        {
            int read = FileBytes.Fill(a, left, at);
            if (FileBytes.Fill(b, right, at) != read || !left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, read)))
            {
                return false;
            }

            if (read < BufferBytes)
            {
                return true;
            }

            at += read;
        }
    }

    private static bool IsSameXattrs(IReadOnlyList<FileXattr> a, IReadOnlyList<FileXattr> b) =>
        a.Count == b.Count
        && a.Zip(b)
            .All(x =>
                x.First.Name.AsSpan().SequenceEqual(x.Second.Name)
                && x.First.Value.AsSpan().SequenceEqual(x.Second.Value)
            );
}
