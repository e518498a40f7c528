// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Composefs;

/// <summary>A name in a directory and what it leads to.</summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct DirectoryEntry(byte[] Name, ImageInode Inode)
{
    /// <summary>Bytes in a directory's block.</summary>
    public int Size => ErofsFormat.DirentSize + Name.Length;
}
