// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.TestBed;

namespace SystemContainers.Tests.Checkout;

/// <summary>All that can be told of a tree, a line an entry: what two unpackers have to agree on.</summary>
static partial class TreeListing
{
    /// <summary>By path (Latin-1): type, mode, owner, mtime, link group, size, link text, device, attributes,
    /// content.</summary>
    public static async Task<SortedDictionary<string, string>> OfAsync(string root)
    {
        string output = (
            await Command.MustAsync(
                "sh",
                "-c",
                $"find '{root}' -printf '%P\\0%y %m %U %G\\0%T@\\0%i\\0%s\\0%l\\0' | base64 -w0"
            )
        ).Output;
        string[] fields = Encoding.Latin1.GetString(Convert.FromBase64String(output.Trim())).Split('\0');
        SortedDictionary<string, string> entries = new(StringComparer.Ordinal);
        SortedDictionary<string, string> inodes = new(StringComparer.Ordinal);
        for (int i = 0; i + 5 < fields.Length; i += 6)
        {
            bool directory = fields[i + 1][0] == 'd';
            inodes[fields[i]] = directory ? "" : fields[i + 3];
            byte[] path = [.. Encoding.UTF8.GetBytes(root), (byte)'/', .. Encoding.Latin1.GetBytes(fields[i]), 0];
            entries[fields[i]] = string.Join(
                " | ",
                fields[i + 1],
                fields[i + 2],
                directory ? "" : fields[i + 4],
                fields[i + 5],
                fields[i + 1][0] is 'c' or 'b' ? Device(path) : "",
                Attributes(path),
                fields[i + 1][0] == 'f' ? Content(path) : ""
            );
        }

        Dictionary<string, string> firsts = [];
        foreach ((string path, string inode) in inodes.Where(p => p.Value.Length > 0))
        {
            if (!firsts.TryAdd(inode, path))
            {
                entries[path] += $" | same inode as {firsts[inode]}";
            }
        }

        return entries;
    }

    private static unsafe string Device(byte[] path)
    {
        // struct statx: stx_rdev_major and stx_rdev_minor at 0x80.
        byte[] buffer = new byte[256];
        fixed (byte* name = path)
        fixed (byte* target = buffer)
        {
            Assert(statx(-100, name, 0x100, 0x7ff, target) == 0);
        }

        return $"{BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(0x80))}:{BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(0x84))}";
    }

    private static unsafe string Attributes(byte[] path)
    {
        byte[] names = new byte[64 * 1024];
        byte[] value = new byte[64 * 1024];
        List<string> found = [];
        fixed (byte* pathPointer = path)
        fixed (byte* namesPointer = names)
        fixed (byte* valuePointer = value)
        {
            nint length = llistxattr(pathPointer, namesPointer, (nuint)names.Length);
            Assert(length >= 0);
            for (int start = 0; start < length;)
            {
                ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(namesPointer + start);
                nint size = lgetxattr(pathPointer, namesPointer + start, valuePointer, (nuint)value.Length);
                Assert(size >= 0);
                found.Add($"{Encoding.Latin1.GetString(name)}={Convert.ToHexStringLower(value.AsSpan(0, (int)size))}");
                start += name.Length + 1;
            }
        }

        return string.Join(',', found.Order(StringComparer.Ordinal));
    }

    private static unsafe string Content(byte[] path)
    {
        fixed (byte* name = path)
        {
            using SafeFileHandle handle = open(name, 0, 0);
            Assert(!handle.IsInvalid);
            using FileStream stream = new(handle, FileAccess.Read, 1);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
    }

    private static void Assert(bool ok)
    {
        if (!ok)
        {
            throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int statx(int directory, byte* path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint llistxattr(byte* path, byte* names, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial SafeFileHandle open(byte* path, int flags, uint mode);
}
