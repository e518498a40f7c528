// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;

namespace SystemContainers.Composefs;

/// <summary>
/// The attributes of all inodes: those of the tree as an overlay shows them again, and those that tell it where
/// contents are. What several inodes have stands once, in a table behind the inodes.
/// </summary>
sealed class XattrTable
{
    /// <summary>
    /// Names and values of an inode in the tree, with <see cref="Overhead"/> for each and
    /// <see cref="ErofsFormat.XattrHeaderSize"/>, as mkcomposefs counts them (LCFS_INODE_EXTERNAL_XATTR_MAX): with what
    /// an overlay adds they stay within what an inode can say of them.
    /// </summary>
    private const int MaxBytes = ushort.MaxValue / 2;

    private const int Overhead = (2 * ErofsFormat.XattrEntrySize) - 1;

    private const int MaxNameBytes = 255;

    private static readonly byte[] s_accessList = [.. "system.posix_acl_access"u8];
    private static readonly byte[] s_defaultList = [.. "system.posix_acl_default"u8];

    private readonly Dictionary<FileXattr, XattrEntry> _entries = new(XattrComparer.Instance);

    /// <summary>Contents that several inodes have.</summary>
    private readonly Dictionary<ObjectKey, (XattrEntry Metacopy, XattrEntry Redirect)> _objects = [];

    // Those of an inode whose content no other has, filled anew for each.
    private readonly (XattrEntry Metacopy, XattrEntry Redirect) _own;

    private readonly ContentNames _names;

    private readonly List<XattrEntry> _current = [];

    /// <summary>Gives each inode its attributes.</summary>
    /// <param name="names">How contents are named.</param>
    /// <exception cref="SysctrException">Unsafe: one has more than fits.</exception>
    public XattrTable(List<ImageInode> inodes, ContentNames names)
    {
        _names = names;
        _own = names.Room();
        foreach (ImageInode inode in inodes)
        {
            if (inode.Metadata.Xattrs.Count > 0 || inode.IsRoot || inode.IsWhiteout || inode.HoldsWhiteouts)
            {
                inode.Xattrs = Intern(OfTree(inode));
            }
        }

        CountObjects(inodes);
        Shared = Share();
    }

    /// <summary>The table, in its order.</summary>
    public List<XattrEntry> Shared { get; }

    public long SharedBytes { get; private set; }

    /// <summary>Whether an inode has an access control list, which the composefs header says.</summary>
    public bool HasAccessLists { get; private set; }

    /// <summary>All attributes of an inode by their names' order; what is returned, and two of its values, change with
    /// the next call.</summary>
    public ReadOnlySpan<XattrEntry> Of(ImageInode inode)
    {
        if (!inode.HasObject)
        {
            return inode.Xattrs;
        }

        _current.Clear();
        ObjectKey key = inode.Entry!.Object;
        if (_objects.Count == 0 || !_objects.TryGetValue(key, out (XattrEntry Metacopy, XattrEntry Redirect) content))
        {
            content = _own;
            _names.Fill(content, key);
        }

        int next = AddBefore(inode.Xattrs, 0, OverlayXattrs.Metacopy);
        _current.Add(content.Metacopy);
        next = AddBefore(inode.Xattrs, next, OverlayXattrs.Redirect);
        _current.Add(content.Redirect);
        _current.AddRange(inode.Xattrs.AsSpan(next));
        return CollectionsMarshal.AsSpan(_current);
    }

    private int AddBefore(XattrEntry[] entries, int next, byte[] name)
    {
        for (; next < entries.Length && entries[next].Name.AsSpan().SequenceCompareTo(name) < 0; next++)
        {
            _current.Add(entries[next]);
        }

        return next;
    }

    /// <summary>An inode's attributes as an overlay shows them, and as it has to read them.</summary>
    private static List<FileXattr> OfTree(ImageInode inode)
    {
        List<FileXattr> all = [];
        int bytes = 0;
        foreach (FileXattr xattr in inode.Metadata.Xattrs)
        {
            if (xattr.Name.Length is 0 or > MaxNameBytes || xattr.Name.Contains((byte)0))
            {
                throw ImageErrors.Unsafe(
                    inode,
                    $"an attribute's name has 1 to {MaxNameBytes} bytes, none of them zero"
                );
            }

            bytes += Overhead + xattr.Name.Length + xattr.Value.Length;
            Set(
                all,
                xattr.Name.AsSpan().StartsWith(OverlayXattrs.Prefix)
                    ? [.. OverlayXattrs.Escaped, .. xattr.Name.AsSpan(OverlayXattrs.Prefix.Length)]
                    : xattr.Name,
                xattr.Value
            );
        }

        if (bytes + ErofsFormat.XattrHeaderSize > MaxBytes)
        {
            throw ImageErrors.Unsafe(
                inode,
                $"its extended attributes, with {Overhead} bytes for each, take {bytes} bytes, and {MaxBytes - ErofsFormat.XattrHeaderSize} is the most"
            );
        }

        foreach ((byte[][] names, byte[] value) in Added(inode))
        {
            foreach (byte[] name in names)
            {
                Set(all, name, value);
            }
        }

        return all;
    }

    private static IEnumerable<(byte[][] Names, byte[] Value)> Added(ImageInode inode)
    {
        if (inode.IsWhiteout)
        {
            yield return (OverlayXattrs.Whiteout, []);
        }

        if (inode.HoldsWhiteouts)
        {
            yield return (OverlayXattrs.Whiteouts, []);
            yield return (OverlayXattrs.WhiteoutsOpaque, [(byte)'x']);
        }

        if (inode.IsRoot)
        {
            yield return ([OverlayXattrs.Opaque], [(byte)'y']);
        }
    }

    private static void Set(List<FileXattr> all, byte[] name, byte[] value)
    {
        _ = all.RemoveAll(x => x.Name.AsSpan().SequenceEqual(name));
        all.Add(new FileXattr(name, value));
    }

    private XattrEntry[] Intern(List<FileXattr> xattrs)
    {
        XattrEntry[] entries = new XattrEntry[xattrs.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            if (!_entries.TryGetValue(xattrs[i], out XattrEntry? entry))
            {
                entry = new XattrEntry(xattrs[i].Name, xattrs[i].Value);
                _entries.Add(xattrs[i], entry);
                HasAccessLists |=
                    entry.Name.AsSpan().SequenceEqual(s_accessList) || entry.Name.AsSpan().SequenceEqual(s_defaultList);
            }

            entry.Uses++;
            entries[i] = entry;
        }

        Array.Sort(entries, static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        return entries;
    }

    private void CountObjects(List<ImageInode> inodes)
    {
        HashSet<ObjectKey> seen = [];
        foreach (ImageInode inode in inodes)
        {
            if (inode.HasObject && !seen.Add(inode.Entry!.Object) && !_objects.ContainsKey(inode.Entry.Object))
            {
                _objects.Add(inode.Entry.Object, _names.Of(inode.Entry.Object));
            }
        }
    }

    private List<XattrEntry> Share()
    {
        List<XattrEntry> shared =
        [
            .. _entries.Values.Where(e => e.Uses > 1),
            .. _objects.Values.Select(o => o.Metacopy),
            .. _objects.Values.Select(o => o.Redirect),
        ];
        _entries.Clear();
        shared.Sort(static (a, b) => -Compare(a, b));
        foreach (XattrEntry entry in shared)
        {
            entry.SharedOffset = SharedBytes;
            SharedBytes += entry.Size;
        }

        return shared;
    }

    /// <summary>By name, then the shorter value first; the table has this order backwards.</summary>
    private static int Compare(XattrEntry a, XattrEntry b)
    {
        int order = a.Name.AsSpan().SequenceCompareTo(b.Name);
        if (order == 0)
        {
            order = a.Value.Length.CompareTo(b.Value.Length);
        }

        return order != 0 ? order : a.Value.AsSpan().SequenceCompareTo(b.Value);
    }
}
