// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Tests.Composefs;

/// <summary>A tree in the words of composefs-dump(5), which mkcomposefs reads.</summary>
static class ComposefsDump
{
    public static void Write(TreeDirectory root, Func<LayerEntry, byte[]> readContent, TextWriter target)
    {
        Dictionary<TreeLeaf, int> names = [];
        Count(root, names);
        Dictionary<TreeLeaf, string> first = [];
        Write(root, "", names, first, readContent, target);
    }

    private static void Count(TreeDirectory directory, Dictionary<TreeLeaf, int> names)
    {
        foreach (TreeSlot slot in directory.Slots.Values)
        {
            if (slot.Node is TreeDirectory inner)
            {
                Count(inner, names);
            }
            else
            {
                names[(TreeLeaf)slot.Node] = names.GetValueOrDefault((TreeLeaf)slot.Node) + 1;
            }
        }
    }

    private static void Write(
        TreeDirectory directory,
        string path,
        Dictionary<TreeLeaf, int> names,
        Dictionary<TreeLeaf, string> first,
        Func<LayerEntry, byte[]> readContent,
        TextWriter target
    )
    {
        Line(target, path.Length == 0 ? "/" : path, 0, "4", directory.Metadata, 2, 0, "-", "-", "-");
        foreach (
            (byte[] name, TreeSlot slot) in directory.Slots.OrderBy(
                s => s.Key,
                Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))
            )
        )
        {
            string at = path + "/" + Escape(name);
            if (slot.Node is TreeDirectory inner)
            {
                Write(inner, at, names, first, readContent, target);
                continue;
            }

            TreeLeaf leaf = (TreeLeaf)slot.Node;
            LayerEntry entry = leaf.Entry;
            bool isLink = !first.TryAdd(leaf, at);
            string payload = "-";
            string content = "-";
            string digest = "-";
            if (isLink)
            {
                payload = first[leaf];
            }
            else if (entry.Type == TarEntryType.Symlink)
            {
                payload = Escape(entry.LinkName);
            }
            else if (entry is { Type: TarEntryType.Regular, Size: > 0 and <= 64 })
            {
                content = Escape(readContent(entry));
            }
            else if (entry is { Type: TarEntryType.Regular, Size: > 0 })
            {
                digest = entry.Object.ToString();
                payload = $"{digest[..2]}/{digest[2..]}";
            }

            string type = entry.Type switch
            {
                TarEntryType.Regular => "10",
                TarEntryType.Symlink => "12",
                TarEntryType.Fifo => "1",
                TarEntryType.CharacterDevice => "2",
                _ => "6",
            };
            ulong device =
                (entry.DeviceMinor & 0xff) | ((ulong)entry.DeviceMajor << 8) | ((ulong)(entry.DeviceMinor >> 8) << 20);
            long size = entry.Type switch
            {
                TarEntryType.Regular => entry.Size,
                TarEntryType.Symlink => entry.LinkName.Length,
                _ => 0,
            };
            Line(
                target,
                at,
                size,
                (isLink ? "@" : "") + type,
                entry.Metadata,
                names[leaf],
                device,
                payload,
                content,
                digest
            );
        }
    }

    private static void Line(
        TextWriter target,
        string path,
        long size,
        string type,
        FileMetadata metadata,
        int links,
        ulong device,
        string payload,
        string content,
        string digest
    )
    {
        target.Write(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{path} {size} {type}{Convert.ToString(metadata.Mode, 8).PadLeft(4, '0')} {links} {metadata.Uid} {metadata.Gid} {device} {metadata.MtimeSeconds}.{metadata.MtimeNanoseconds} {payload} {content} {digest}"
            )
        );
        foreach (FileXattr xattr in metadata.Xattrs)
        {
            target.Write($" {Escape(xattr.Name)}={Escape(xattr.Value)}");
        }

        target.Write('\n');
    }

    private static string Escape(byte[] bytes)
    {
        StringBuilder text = new(bytes.Length);
        foreach (byte one in bytes)
        {
            text =
                char.IsAsciiLetterOrDigit((char)one) || one is (byte)'.' or (byte)'_' or (byte)'/'
                    ? text.Append((char)one)
                    : text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}");
        }

        return text.ToString();
    }
}
