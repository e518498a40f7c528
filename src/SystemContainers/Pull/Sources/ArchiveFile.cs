// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Streams;

namespace SystemContainers.Pull.Sources;

/// <summary>
/// An archive of images. A plain file is read where it is, each layer once and side by side. What can't be read twice
/// or at any place (a pipe, a compressed archive, a daemon's answer) is put into a file without a name first, and is
/// gone with it.
/// </summary>
sealed class ArchiveFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly SafeFileHandle _file;
    private readonly string _doing;
    private readonly ArchiveIndex _index;

    private ArchiveFile(FileStream stream, string doing, ArchiveIndex index)
    {
        _stream = stream;
        _file = stream.SafeFileHandle;
        _doing = doing;
        _index = index;
    }

    /// <summary>Opens the archive that a path leads to: a file, or a pipe such as <c>/dev/stdin</c>.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="doing">"reading X", for messages.</param>
    /// <param name="options">Where to spool, and how much.</param>
    /// <exception cref="SysctrException">NotFound: it is not there; Permission, Storage: it can't be read;
    /// Corrupt, Unsafe: it can't be used.</exception>
    public static async Task<ArchiveFile> OpenAsync(
        string path,
        string doing,
        PullOptions options,
        CancellationToken cancellation
    )
    {
        if (Directory.Exists(path))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: it is a directory",
                $"for an image layout write oci:{path}"
            );
        }

        // Of a FIFO it waits for who writes to it, which may never come.
        (SafeFileHandle file, LinuxException? fault) = await Task.Run(() => OpenFile(path), CancellationToken.None)
            .WaitAsync(cancellation);
        if (fault is { } e)
        {
            file.Dispose();
            throw new SysctrException(
                e.Errno is Errno.ENOENT or Errno.ENOTDIR ? ErrorKind.NotFound : HostFailure.KindOf(e),
                $"{doing}: {e.Message}",
                inner: e
            );
        }

        try
        {
            FileStream stream = new(file, FileAccess.Read, bufferSize: 0);
            if (stream.CanSeek && !Decompression.Applies(Head(file, 0)))
            {
                RefuseUnsupported(Head(file, 0), doing);
                return await IndexAsync(stream, doing, cancellation);
            }

            await using (stream)
            {
                return await SpoolAsync(stream, doing, options, cancellation);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static (SafeFileHandle File, LinuxException? Fault) OpenFile(string path)
    {
        SafeFileHandle file = Libc.open(path, Linux.OpenFlags.ReadOnly | Linux.OpenFlags.CloseOnExec, 0);
        return (file, file.IsInvalid ? LinuxException.Last("open", path) : null);
    }

    /// <summary>Takes an archive from a stream, compressed or not, through a file without a name.</summary>
    /// <param name="source">Read to its end; it stays the caller's.</param>
    /// <param name="doing">"reading X", for messages.</param>
    /// <param name="options">Where to spool, and how much.</param>
    /// <exception cref="SysctrException">Corrupt, Unsafe: it can't be used; Storage, Permission: nothing can be put
    /// there.</exception>
    public static async Task<ArchiveFile> SpoolAsync(
        Stream source,
        string doing,
        PullOptions options,
        CancellationToken cancellation
    )
    {
        byte[] head = new byte[Decompression.HeadBytes];
        int count = await source.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellation);
        RefuseUnsupported(head.AsSpan(0, count), doing);
        await using PrependedStream whole = new(head.AsMemory(0, count), source);
        Stream plain = Decompression.Of(whole, head.AsSpan(0, count));
        SafeFileHandle file = Libc.open(
            options.SpoolDirectory,
            Linux.OpenFlags.TemporaryFile | Linux.OpenFlags.ReadWrite | Linux.OpenFlags.CloseOnExec,
            0x180
        );
        try
        {
            if (file.IsInvalid)
            {
                throw LinuxException.Last("open", options.SpoolDirectory);
            }

            await CopyAsync(plain, file, doing, options.MaxSpoolBytes, cancellation);
            return await IndexAsync(new FileStream(file, FileAccess.Read, bufferSize: 0), doing, cancellation);
        }
        catch (Exception e) when (Decompression.IsFault(e))
        {
            file.Dispose();
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it can't be decompressed: {e.Message}",
                "it was cut, or built broken; save the image again",
                e
            );
        }
        catch (Exception e)
        {
            file.Dispose();
            throw e is IOException and not HttpIOException
                ? new SysctrException(
                    HostFailure.KindOf(e),
                    $"{doing}: copying it to {options.SpoolDirectory}: {e.Message}",
                    "see to space and permissions there, or set TMPDIR to another directory",
                    e
                )
                : e;
        }
        finally
        {
            if (plain != whole)
            {
                await plain.DisposeAsync();
            }
        }
    }

    /// <summary>Whether the archive has a file of that name.</summary>
    public bool Has(string name) => _index.Has(name);

    /// <summary>How many bytes a file has.</summary>
    /// <exception cref="SysctrException">As <see cref="ArchiveIndex.Get"/>.</exception>
    public long SizeOf(string name) => _index.Get(name).Size;

    /// <summary>A file's content; any number at once.</summary>
    /// <exception cref="SysctrException">As <see cref="ArchiveIndex.Get"/>.</exception>
    public Stream Open(string name)
    {
        ArchiveMember member = _index.Get(name);
        return new RangeStream(_file, member.Start!.Value, member.Size);
    }

    /// <summary>Whether a file is compressed, in a way that a layer may be.</summary>
    public bool IsCompressed(string name)
    {
        ArchiveMember member = _index.Get(name);
        byte[] head = Head(_file, member.Start!.Value);
        return Decompression.Applies(head.AsSpan(0, (int)Math.Min(head.Length, member.Size)));
    }

    /// <summary>All of a small file.</summary>
    /// <exception cref="SysctrException">As <see cref="ArchiveIndex.Get"/>; Unsafe: it is larger than
    /// <paramref name="limit"/> bytes.</exception>
    public async Task<byte[]> ReadAsync(string name, int limit, CancellationToken cancellation)
    {
        if (_index.Get(name).Size > limit)
        {
            throw new SysctrException(ErrorKind.Unsafe, $"{_doing}: {Redact.Text(name)} is larger than {limit} bytes");
        }

        await using Stream stream = Open(name);
        return await Body.ReadAtMostAsync(stream, limit, cancellation);
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>The reader is synchronous, and an archive may lie on a slow disk.</summary>
    private static async Task<ArchiveFile> IndexAsync(
        FileStream archive,
        string doing,
        CancellationToken cancellation
    ) => new(archive, doing, await Task.Run(() => ArchiveIndex.Read(archive, doing, cancellation), cancellation));

    private static async Task CopyAsync(
        Stream source,
        SafeFileHandle target,
        string doing,
        long limit,
        CancellationToken cancellation
    )
    {
        byte[] buffer = new byte[128 << 10];
        long position = 0;
        while (await source.ReadAsync(buffer, cancellation) is > 0 and int read)
        {
            if (position + read > limit)
            {
                throw new SysctrException(ErrorKind.Unsafe, $"{doing}: unpacked it is larger than {limit} bytes");
            }

            RandomAccess.Write(target, buffer.AsSpan(0, read), position);
            position += read;
        }
    }

    private static void RefuseUnsupported(ReadOnlySpan<byte> head, string doing)
    {
        if (Decompression.Unsupported(head) is { } tool)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: it is compressed with {tool}, which can't be read",
                "decompress it first, or pack it again with gzip or zstd"
            );
        }
    }

    private static byte[] Head(SafeFileHandle file, long start)
    {
        byte[] head = new byte[Decompression.HeadBytes];
        return head[..RandomAccess.Read(file, head, start)];
    }
}
