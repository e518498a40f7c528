// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Trees;

/// <summary>
/// Copies a file or directory with all below it as it is: owners, modes, attributes, times, hard links among what is
/// copied, links, FIFOs and devices. By handles and single names: no link is followed on either side.
/// </summary>
static unsafe class TreeCopy
{
    /// <summary>How many directories are open at once on each side, however deep they are nested.</summary>
    private const int MaxOpen = 64;

    private const uint PrivateDirectory = 0b111_000_000;
    private const uint PrivateFile = 0b110_000_000;

    // PATH_MAX: no link is longer.
    private const int MaxTarget = 4096;

    /// <summary>Copies; nothing is synced. A failure or a cut leaves a part, which is the caller's to remove: so the
    /// name is one that nobody looks at.</summary>
    /// <param name="source">What is copied, opened with O_PATH.</param>
    /// <param name="directory">Where to; nobody else changes what the copy's name holds.</param>
    /// <param name="name">A name that is not there.</param>
    /// <param name="shown">The copy, for errors.</param>
    /// <param name="cancellation">Honoured between files, and between pieces of them.</param>
    /// <exception cref="IOException">A call failed, or a file changed meanwhile.</exception>
    public static void Copy(
        SafeFileHandle source,
        SafeFileHandle directory,
        string name,
        string shown,
        CancellationToken cancellation
    )
    {
        // The walk closes the handles that it works with, and these are the caller's.
        using Walk walk = new(directory, shown, cancellation);
        walk.Copy(source, Encoding.UTF8.GetBytes(name));
    }

    private sealed class Walk(SafeFileHandle top, string shown, CancellationToken cancellation) : IDisposable
    {
        /// <summary>Inodes that may come again, with the path of their copy below the top, zero-terminated.</summary>
        private readonly Dictionary<FileIdentity, byte[]> _copied = [];

        private readonly List<byte[]> _path = [];

        /// <summary>The directory that is read, and the one that is written to.</summary>
        private SafeFileHandle _from = new();
        private SafeFileHandle _to = DirectoryNames.Reopen(top, shown);

        public void Copy(SafeFileHandle source, byte[] name) => CopyEntry(source, name);

        public void Dispose()
        {
            _from.Dispose();
            _to.Dispose();
        }

        private void CopyEntry(SafeFileHandle found, byte[] name)
        {
            cancellation.ThrowIfCancellationRequested();
            _path.Add(name);
            statx_t stat = Stat(found);
            if ((stat.stx_mode & Libc.S_IFMT) == Libc.S_IFDIR)
            {
                CopyDirectory(found, name, stat);
            }
            else if (!TryLink(name, stat))
            {
                CopyLeaf(found, name, stat);
            }

            _path.RemoveAt(_path.Count - 1);
        }

        private void CopyDirectory(SafeFileHandle found, byte[] name, in statx_t stat)
        {
            FaultPoint.Pass("mkdirat");
            fixed (byte* pointer = Terminated(name))
            {
                Must(Libc.mkdirat(_to, pointer, PrivateDirectory), "mkdirat");
                FileMetadata metadata = MetadataOf(found, stat);
                (SafeFileHandle From, SafeFileHandle To) above = (_from, _to);
                (_from, _to) = (DirectoryNames.Reopen(found, Shown()), Child(_to, pointer));
                if (_path.Count > 1)
                {
                    // It is open in earnest by now; one more for each level would be too many. The top is the caller's.
                    found.Dispose();
                }

                bool isDeep = _path.Count > MaxOpen;
                if (isDeep)
                {
                    above.From.Dispose();
                    above.To.Dispose();
                }

                try
                {
                    foreach (byte[] entry in DirectoryNames.Of(_from, Shown()))
                    {
                        fixed (byte* entryName = Terminated(entry))
                        {
                            using SafeFileHandle below = Libc.openat(
                                _from,
                                entryName,
                                OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
                                0
                            );
                            Must(below.IsInvalid ? -1 : 0, "openat");
                            CopyEntry(below, entry);
                        }
                    }

                    // Its own come last: every name in it changes its time.
                    InodeWriter.Apply(_to, metadata, Shown());
                    if (isDeep)
                    {
                        // Nobody moves these about: the copy is in nobody's sight, and the source nobody's to write.
                        byte* up = stackalloc byte[] { (byte)'.', (byte)'.', 0 };
                        above = (Child(_from, up), Child(_to, up));
                    }
                }
                finally
                {
                    _from.Dispose();
                    _to.Dispose();
                    (_from, _to) = above;
                }
            }
        }

        /// <summary>Makes a further name of an inode that has been copied already.</summary>
        private bool TryLink(byte[] name, in statx_t stat)
        {
            if (stat.stx_nlink < 2 || _copied.TryAdd(FileIdentity.Of(stat), Below()))
            {
                return false;
            }

            FaultPoint.Pass("linkat");
            fixed (byte* first = _copied[FileIdentity.Of(stat)])
            fixed (byte* pointer = Terminated(name))
            {
                if (Libc.linkat(top, first, _to, pointer, 0) == 0)
                {
                    return true;
                }

                LinuxException failed = LinuxException.Last("linkat", Shown());
                if (failed.Errno != Errno.EMLINK)
                {
                    throw failed;
                }
            }

            // It has all the names that this file system allows: the next ones are those of another copy.
            _copied[FileIdentity.Of(stat)] = Below();
            return false;
        }

        private void CopyLeaf(SafeFileHandle found, byte[] name, in statx_t stat)
        {
            uint kind = stat.stx_mode & Libc.S_IFMT;
            fixed (byte* pointer = Terminated(name))
            {
                if (kind == Libc.S_IFREG)
                {
                    CopyFile(found, pointer, stat);
                    return;
                }

                if (kind == Libc.S_IFLNK)
                {
                    byte* target = stackalloc byte[MaxTarget + 1];
                    byte* itself = stackalloc byte[] { 0 };
                    nint length = Libc.readlinkat(found, itself, target, MaxTarget);
                    Must(length < 0 ? -1 : 0, "readlinkat");
                    target[length] = 0;
                    FaultPoint.Pass("symlinkat");
                    Must(Libc.symlinkat(target, _to, pointer), "symlinkat");
                }
                else
                {
                    FaultPoint.Pass("mknodat");
                    Must(
                        Libc.mknodat(_to, pointer, kind, Libc.makedev(stat.stx_rdev_major, stat.stx_rdev_minor)),
                        "mknodat"
                    );
                }

                InodeWriter.ApplyAt(_to, pointer, MetadataOf(found, stat), hasMode: kind != Libc.S_IFLNK, Shown());
            }
        }

        private void CopyFile(SafeFileHandle found, byte* name, in statx_t stat)
        {
            using SafeFileHandle source = Libc.open(
                $"/proc/self/fd/{found.DangerousGetHandle()}",
                OpenFlags.ReadOnly | OpenFlags.CloseOnExec,
                0
            );
            Must(source.IsInvalid ? -1 : 0, "open");
            FaultPoint.Pass("openat");
            using SafeFileHandle file = Libc.openat(
                _to,
                name,
                OpenFlags.WriteOnly
                    | OpenFlags.Create
                    | OpenFlags.Exclusive
                    | OpenFlags.NoFollow
                    | OpenFlags.CloseOnExec,
                PrivateFile
            );
            Must(file.IsInvalid ? -1 : 0, "openat");
            FaultPoint.Pass("pwrite64");
            if (stat.stx_size > 0 && Libc.ioctl(file, Libc.FICLONE, source) != 0)
            {
                long copied = 0;
                FileBytes.Each(
                    source,
                    piece =>
                    {
                        cancellation.ThrowIfCancellationRequested();
                        RandomAccess.Write(file, piece, copied);
                        copied += piece.Length;
                    }
                );
                if (copied != (long)stat.stx_size)
                {
                    throw new IOException(
                        $"copying {Shown()}: {copied} bytes of {stat.stx_size} could be read, or it changed meanwhile"
                    );
                }
            }

            InodeWriter.Apply(file, MetadataOf(found, stat), Shown());
        }

        /// <summary>All but what the host gives files by its own rules.</summary>
        private static FileMetadata MetadataOf(SafeFileHandle found, in statx_t stat) =>
            new(
                stat.stx_mode & 0xfff,
                stat.stx_uid,
                stat.stx_gid,
                stat.stx_mtime.tv_sec,
                (int)stat.stx_mtime.tv_nsec,
                [
                    .. FileXattrs
                        .Read($"/proc/self/fd/{found.DangerousGetHandle()}")
                        .Where(x => !Array.Exists(FileXattrs.OfHost, h => x.Name.AsSpan().SequenceEqual(h))),
                ]
            );

        private statx_t Stat(SafeFileHandle file)
        {
            Must(Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat), "statx");
            return stat;
        }

        private SafeFileHandle Child(SafeFileHandle directory, byte* name)
        {
            SafeFileHandle child = Libc.openat(
                directory,
                name,
                OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
                0
            );
            return child.IsInvalid ? throw LinuxException.Last("openat", Shown()) : child;
        }

        private void Must(int result, string call)
        {
            if (result != 0)
            {
                throw LinuxException.Last(call, Shown());
            }
        }

        /// <summary>The path below the top, zero-terminated.</summary>
        private byte[] Below() => [.. _path.SelectMany((part, i) => i == 0 ? part : [(byte)'/', .. part]), 0];

        private string Shown() => string.Join('/', _path.Skip(1).Select(Encoding.UTF8.GetString).Prepend(shown));

        private static byte[] Terminated(byte[] name) => [.. name, 0];
    }
}
