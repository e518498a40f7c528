// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;

namespace SystemContainers.Composefs;

/// <summary>What a tree has and an image can't hold, told with its path.</summary>
static class ImageErrors
{
    private const string Hint = "sysctr(1), LIMITS, has what an image may have";

    public static SysctrException Unsafe(ImageInode inode, string why) => Unsafe(PathOf(inode), why);

    public static SysctrException Unsafe(ImageInode directory, byte[] name, string why) =>
        Unsafe($"{(directory.IsRoot ? "" : PathOf(directory))}/{Encoding.UTF8.GetString(name)}", why);

    public static SysctrException Unsafe(string path, string why) =>
        new(ErrorKind.Unsafe, $"writing the composefs image: {path}: {why}", Hint);

    /// <summary>The path by an inode's first name.</summary>
    public static string PathOf(ImageInode inode)
    {
        List<string> parts = [];
        for (ImageInode at = inode; !at.IsRoot; at = at.Parent)
        {
            parts.Add(Encoding.UTF8.GetString(Array.Find(at.Parent.Entries, e => ReferenceEquals(e.Inode, at)).Name));
        }

        parts.Reverse();
        return "/" + string.Join('/', parts);
    }
}
