// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;

namespace SystemContainers.State;

/// <summary>What stands at a path of the host.</summary>
static class HostFileFacts
{
    /// <summary>Something that we never put anywhere: a directory, a device.</summary>
    private static readonly Digest s_other = Digest.Sha256("\0neither file nor link\0"u8.ToArray());

    /// <summary>The digest that <see cref="InstalledFile.Sha256"/> would have; null where nothing stands
    /// there.</summary>
    /// <param name="path">As this process sees it.</param>
    public static Digest? DigestOf(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            return Digest.Sha256(Encoding.UTF8.GetBytes(target));
        }

        if (!Path.Exists(path))
        {
            return null;
        }

        // A FIFO would block whoever opens it, for ever.
        using SafeFileHandle? handle = RegularFile.Open(path);
        if (handle is null)
        {
            return s_other;
        }

        using FileStream file = new(handle, FileAccess.Read, bufferSize: 0);
        return Digest.FromSha256(SHA256.HashData(file));
    }

    /// <summary>Whether a regular file has owner, mode and attributes as a record says; what the host itself gives
    /// files does not count.</summary>
    /// <param name="path">As this process sees it; the content is as recorded.</param>
    /// <param name="file">What is recorded.</param>
    /// <exception cref="LinuxException">It can't be looked at.</exception>
    public static bool HasMetadataOf(string path, InstalledFile file)
    {
        using SafeFileHandle? handle = RegularFile.Open(path);
        if (handle is null)
        {
            return false;
        }

        if (Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
        {
            throw LinuxException.Last("statx", path);
        }

        return InodeReader.Difference(
            file.Metadata(stat.stx_mtime.tv_sec, (int)stat.stx_mtime.tv_nsec),
            stat,
            FileXattrs.Read(path),
            FileXattrs.OfHost
        )
            is null;
    }

    /// <summary>Whether anything stands there, a dangling link too.</summary>
    public static bool IsThere(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;
}
