// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Tar;

namespace SystemContainers.Push;

/// <summary>A tar archive of files that is put together beside its place and gets its name when it is whole. Files come
/// one after the other, whoever adds them.</summary>
sealed class ArchiveWriter : IAsyncDisposable
{
    private const int ReadableByAll = 0b110_100_100;
    private const int SearchableByAll = 0b111_101_101;

    private readonly string _place;
    private readonly string _staged;
    private readonly string _doing;
    private readonly FileStream _file;
    private TarWriter _tar;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _done;

    /// <summary>Begins an archive.</summary>
    /// <param name="place">Absolute.</param>
    /// <param name="doing">"writing X", for messages.</param>
    /// <exception cref="SysctrException">Conflict: a directory or device is there; Usage: the directory that it is to
    /// be in is not there; Storage.</exception>
    public ArchiveWriter(string place, string doing)
    {
        _place = place;
        _doing = doing;
        if (Directory.Exists(place) || (File.Exists(place) && !RegularFile.IsPlain(place)))
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"{doing}: something else is there than a file",
                "name a file that is not there; one that is there is replaced"
            );
        }

        StagedDirectory.RequireParent(doing, place);
        try
        {
            StagedDirectory.RemoveAbandoned(place);
            _staged = DurableFile.Beside(place);
            FaultPoint.Pass("openat");
#pragma warning disable RS0030 // Synced and renamed at the end.

            // Without a buffer of its own: a full disk is told where it is written to, and nothing is left to be
            // written when it is closed.
            _file = new FileStream(_staged, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(doing, e);
        }

        _tar = new TarWriter(_file);
    }

    /// <summary>Adds a file.</summary>
    /// <param name="size">Its bytes.</param>
    /// <param name="open">Opens it; the stream throws at its end where it is not what it should be, and then nothing
    /// becomes of the archive.</param>
    public async Task AddAsync(
        string name,
        long size,
        Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellation
    )
    {
        await _turn.WaitAsync(cancellation);
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(128 << 10);
        long start = _file.Position;
        try
        {
            await using Stream source = await open(cancellation);
            Write(() => _tar.WriteHeader(Entry(name, TarEntryType.Regular, size)));
            for (long left = size; left > 0;)
            {
                int read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellation);
                if (read == 0)
                {
                    throw new SysctrException(
                        ErrorKind.Corrupt,
                        $"{_doing}: {name} ends after {size - left} of {size} bytes"
                    );
                }

                byte[] piece = buffer;
                Write(() => _tar.WriteContent(piece.AsSpan(0, read)));
                left -= read;
            }

            // Its end, where it is verified.
            if (await source.ReadAsync(buffer.AsMemory(0, 1), cancellation) != 0)
            {
                throw new SysctrException(ErrorKind.Corrupt, $"{_doing}: {name} has more than {size} bytes");
            }
        }
        catch
        {
            // Another place may have it.
            Write(() =>
            {
                _file.Position = start;
                _file.SetLength(start);
            });
            _tar = new TarWriter(_file);
            throw;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
            _turn.Release();
        }
    }

    /// <summary>Adds a small file.</summary>
    public Task AddAsync(string name, byte[] content, CancellationToken cancellation) =>
        AddAsync(
            name,
            content.Length,
            _ => Task.FromResult<Stream>(new MemoryStream(content, writable: false)),
            cancellation
        );

    /// <summary>Adds a directory, for tools that unpack it.</summary>
    public void AddDirectory(string name) => Write(() => _tar.WriteHeader(Entry(name, TarEntryType.Directory, 0)));

    /// <summary>Ends the archive, makes it durable and gives it its name, in place of whatever file has it.</summary>
    public void Commit()
    {
        Write(() =>
        {
            _tar.Finish();
            FaultPoint.Pass("fsync");
            _file.Flush(flushToDisk: true);
            _file.Dispose();
            DurableFile.Move(_staged, _place);
        });
        _done = true;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _file.DisposeAsync();
        }
        catch (IOException e)
        {
            throw StagedDirectory.Fault(_doing, e);
        }
        finally
        {
            _turn.Dispose();
            if (!_done)
            {
                File.Delete(_staged);
            }
        }
    }

    private void Write(Action write)
    {
        try
        {
            FaultPoint.Pass("pwrite64");
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(_doing, e);
        }
    }

    /// <summary>Of nobody in particular and no time, so that the same images make the same archive.</summary>
    private static TarEntry Entry(string name, TarEntryType type, long size) =>
        new()
        {
            Type = type,
            Name = System.Text.Encoding.UTF8.GetBytes(name),
            LinkName = [],
            Mode = type == TarEntryType.Directory ? SearchableByAll : ReadableByAll,
            Uid = 0,
            Gid = 0,
            Size = size,
            MtimeSeconds = 0,
            MtimeNanoseconds = 0,
            DeviceMajor = 0,
            DeviceMinor = 0,
            Xattrs = [],
        };
}
