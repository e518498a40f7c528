// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>Reads extended attributes (xattr(7)).</summary>
static class FileXattrs
{
    /// <summary>Names of attributes that say something of a host and nothing of an image; umoci leaves them out,
    /// too.</summary>
    internal static readonly byte[][] OfHost = ["security.selinux"u8.ToArray(), "system.nfs4_acl"u8.ToArray()];

    /// <summary>Every attribute of a file, in ordinal order of their names; none where the file system has no
    /// attributes.</summary>
    /// <param name="path">Links are followed.</param>
    /// <exception cref="LinuxException">They can't be read.</exception>
    public static unsafe IReadOnlyList<FileXattr> Read(string path)
    {
        byte[] names = Fill(path, (buffer, size) => Libc.listxattr(path, buffer, size));
        List<FileXattr> attributes = [];
        for (int start = 0; start < names.Length;)
        {
            int end = Array.IndexOf(names, (byte)0, start);
            byte[] terminated = names[start..(end + 1)];
            attributes.Add(
                new FileXattr(
                    names[start..end],
                    Fill(
                        path,
                        (buffer, size) =>
                        {
                            fixed (byte* name = terminated)
                            {
                                return Libc.getxattr(path, name, buffer, size);
                            }
                        }
                    )
                )
            );
            start = end + 1;
        }

        return [.. attributes.OrderBy(a => a.Name, Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)))];
    }

    private unsafe delegate nint Call(byte* buffer, nuint size);

    /// <summary>Asks for the size, then for the bytes.</summary>
    private static unsafe byte[] Fill(string path, Call call)
    {
        nint size = call(null, 0);
        if (size < 0)
        {
            return Marshal.GetLastPInvokeError() == Errno.EOPNOTSUPP ? [] : throw LinuxException.Last("getxattr", path);
        }

        byte[] bytes = new byte[size];
        fixed (byte* pointer = bytes)
        {
            nint got = size == 0 ? 0 : call(pointer, (nuint)size);
            return got == size ? bytes : throw LinuxException.Last("getxattr", path);
        }
    }
}
