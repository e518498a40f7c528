// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Verity;
using SystemContainers.Oci;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Store;

/// <summary>Adding layers: one pass over the stream, objects and index staged; then one commit for all of an
/// image.</summary>
sealed partial class ContentStore
{
    /// <summary>Files up to this size are hashed and written as a whole by a worker; larger ones stream.</summary>
    private const int WholeFileBytes = 256 * 1024;

    private readonly HashSet<Digest> _staged = [];

    /// <inheritdoc/>
    public Task AddLayerAsync(Digest diffId, Stream plainTar, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => AddLayer(diffId, plainTar, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    /// <summary>
    /// Makes every layer that was added durable and visible: the data first, by one syncfs for all of it; then the
    /// objects' names; then the indexes', so that a layer that is seen is whole.
    /// </summary>
    /// <exception cref="SysctrException">Storage: the disk is full or fails; nothing became visible but objects without
    /// a layer.</exception>
    public void Commit()
    {
        lock (_staged)
        {
            if (_staged.Count == 0)
            {
                return;
            }

            StoreErrors.Wrap("making layers durable", Publish);
            _staged.Clear();
        }
    }

    /// <summary>
    /// Whether layers are there with all their objects. To be asked under <see cref="StoreLocks.Lease"/>, and from
    /// there on it stays so. Adding holds no lock: a staged layer counts on objects that the store had then, and a
    /// prune may have taken them since. Such a layer is dropped, so that it is fetched again.
    /// </summary>
    public bool HasWhole(IReadOnlyList<Digest> diffIds)
    {
        lock (_staged)
        {
            _staged.RemoveWhere(staged =>
                !LayerIndex
                    .Stream(_staging.Value.LayerPath(staged), staged)
                    .Where(HasObject)
                    .All(e => _staging.Value.Has(e.Object) || HasObject(e.Object))
            );
        }

        return diffIds.All(HasLayer);
    }

    private void Publish()
    {
        if (_staged.Any(s => LayerIndex.FormOf(_staging.Value.LayerPath(s), s) == ObjectForm.Content))
        {
            StoreFormat.Require(_root, StoreFormat.ContentObjects);
        }

        _reservation?.Dispose();
        _reservation = null;
        Sync();
        MoveObjects();
        Sync();
        using IDisposable alone = Locks.LockIndexes();
        foreach (Digest diffId in _staged)
        {
            PlaceIndex(_staging.Value.LayerPath(diffId), diffId);
            PublishSums(diffId);
        }
    }

    private void AddLayer(Digest diffId, Stream plainTar, CancellationToken cancellation)
    {
        try
        {
            Staging staging = _staging.Value;
            List<LayerEntry> entries = [];
            FileMetadata? last = null;
            ObjectForm form = FormFor(diffId);
            TarReader reader = new(plainTar);
            using ObjectWriters writers = new(this, staging);
            while (reader.ReadNext() is { } entry)
            {
                cancellation.ThrowIfCancellationRequested();
                LayerEntry kept = Keep(entry, form, ref last);
                NamespaceOwners.Check(kept);
                entries.Add(kept);
                if (kept.Type == TarEntryType.Regular && kept.Size > 0)
                {
                    AddContent(kept, reader, writers, staging);
                }
            }

            reader.ReadToEnd();
            writers.Finish();
            FaultPoint.Pass("pwrite64");
#pragma warning disable RS0030 // Commit makes it durable, with everything else.
            using (FileStream index = File.Create(staging.LayerPath(diffId)))
            {
                new LayerIndex(entries, form).WriteTo(index);
            }
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreErrors.Of($"adding layer {diffId}", e);
        }

        lock (_staged)
        {
            _staged.Add(diffId);
        }
    }

    /// <summary>Puts an index in its place. Another process may have added the same layer meanwhile, and converted it:
    /// deployments count on that form by then. The caller holds the lock of the indexes.</summary>
    private void PlaceIndex(string staged, Digest diffId)
    {
        if (FormThere(diffId) != ObjectForm.Content || LayerIndex.FormOf(staged, diffId) == ObjectForm.Content)
        {
            DurableFile.Move(staged, IndexPath(diffId));
        }
    }

    /// <summary>The form of a layer that the store has; null where it has none that could be read.</summary>
    private ObjectForm? FormThere(Digest diffId)
    {
        try
        {
            return LayerIndex.FormOf(IndexPath(diffId), diffId);
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return null;
        }
    }

    /// <summary>A layer that is added once more, to mend it, keeps the form that what was made of it counts
    /// on.</summary>
    private ObjectForm FormFor(Digest diffId) => FormThere(diffId) ?? NewObjects?.Invoke(diffId) ?? ObjectForm.Inode;

    /// <param name="entry">As it was read.</param>
    /// <param name="form">Of the layer's objects.</param>
    /// <param name="last">The metadata of the one before. Most files of a package have the same, and one of it is
    /// enough: of half a million files it is a sixth of the memory.</param>
    private LayerEntry Keep(TarEntry entry, ObjectForm form, ref FileMetadata? last)
    {
        (long seconds, int nanoseconds) = Times.AsKept(entry.MtimeSeconds, entry.MtimeNanoseconds, entry.Name);
        FileMetadata metadata = new(
            entry.Mode,
            entry.Uid,
            entry.Gid,
            seconds,
            nanoseconds,
            entry.Xattrs.Count == 0
                ? []
                : [.. entry.Xattrs.Where(x => !Array.Exists(FileXattrs.OfHost, h => x.Name.AsSpan().SequenceEqual(h)))]
        );
        if (metadata != last)
        {
            last = metadata;
        }

        return new LayerEntry
        {
            Type = entry.Type,
            Name = entry.Name,
            LinkName = entry.LinkName,
            Metadata = last,
            Size = entry.Size,
            DeviceMajor = entry.DeviceMajor,
            DeviceMinor = entry.DeviceMinor,
            Form = form,
        };
    }

    private void AddContent(LayerEntry entry, TarReader reader, ObjectWriters writers, Staging staging)
    {
        if (entry.Size > WholeFileBytes)
        {
            entry.Object = StreamObject(entry, reader, staging);
            return;
        }

        byte[] header = entry.Form == ObjectForm.Inode ? ObjectKey.Header(entry.Metadata) : [];

        PendingObject pending = PendingObject.Rent(entry, header);
        Span<byte> content = pending.Content;
        for (int done = 0; done < content.Length;)
        {
            done += reader.ReadContent(content[done..]);
        }

        writers.Add(pending);
    }

    /// <summary>What an error about a staged object is about. Its name matters where it has attributes, which a file
    /// system may refuse.</summary>
    internal static string Shown(LayerEntry entry) =>
        entry.Metadata.Xattrs.Count == 0 ? "a staged object" : System.Text.Encoding.UTF8.GetString(entry.Name);

    private ObjectKey StreamObject(LayerEntry entry, TarReader reader, Staging staging)
    {
        using ObjectHasher hasher = new(entry.Form, entry.Metadata);
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(WholeFileBytes);
        try
        {
            using SafeFileHandle file = staging.CreateFile(out StagedFile staged);
            long position = 0;
            for (int read = reader.ReadContent(buffer); read > 0; read = reader.ReadContent(buffer))
            {
                hasher.Append(buffer.AsSpan(0, read));
                FaultPoint.Pass("pwrite64");
                RandomAccess.Write(file, buffer.AsSpan(0, read), position);
                position += read;
                ReportWritten(read);
            }

            ApplyMetadata(file, entry);
            ObjectKey key = hasher.Finish();
            staging.Add(key, staged, entry.Form);
            return key;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Gives an object's file what its key says of it.</summary>
    internal static void ApplyMetadata(SafeFileHandle file, LayerEntry entry)
    {
        if (entry.Form == ObjectForm.Inode)
        {
            InodeWriter.Apply(file, entry.Metadata, Shown(entry));
        }
    }

    /// <summary>Whether the object is committed. The lookup of one name; a store of a million objects makes it no
    /// slower.</summary>
    internal unsafe bool HasObject(ObjectKey key)
    {
        Span<byte> path = stackalloc byte[ObjectKey.PathSize];
        key.WritePath(path);
        fixed (byte* pointer = path)
        {
            return !_replaced.Contains(key) && Libc.faccessat(_objects, pointer, 0, 0) == 0;
        }
    }

    private void Sync()
    {
        _writeBehind.Finish(_root);
        FaultPoint.Pass("syncfs");
        if (Libc.syncfs(_objects) != 0)
        {
            throw LinuxException.Last("syncfs", _root);
        }
    }

    private unsafe void MoveObjects()
    {
        Staging staging = _staging.Value;
        Span<byte> source = stackalloc byte[StagedFile.PathSize];
        Span<byte> target = stackalloc byte[ObjectKey.PathSize];
        bool canProve = true;
        foreach (KeyValuePair<ObjectKey, StagedFile> staged in staging.Whole)
        {
            // Its data is on disk, so this waits for nothing.
            if (staging.IsContent(staged.Key))
            {
                canProve = canProve && Prove(staging, staged.Key);
            }

            staged.Value.WritePath(source);
            staged.Key.WritePath(target);
            fixed (byte* from = source)
            fixed (byte* to = target)
            {
                MoveObject(staging.Objects, from, to, _replaced.Contains(staged.Key) ? 0 : Libc.RENAME_NOREPLACE);
            }

            staging.Whole.Remove(staged);
        }
    }

    /// <summary>From here on the kernel holds each read of it to its digest.</summary>
    /// <returns>False where the file system has no fs-verity.</returns>
    private static bool Prove(Staging staging, ObjectKey key)
    {
        using SafeFileHandle? file = staging.TryOpen(key);
        return file is not null && FsVerity.TryEnable(file);
    }

    private unsafe void MoveObject(SafeFileHandle staged, byte* from, byte* to, uint flags, bool directoryMade = false)
    {
        FaultPoint.Pass("renameat2");
        if (Libc.renameat2(staged, from, _objects, to, flags) == 0)
        {
            return;
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case Errno.EEXIST:
                // The same object by another process, or by an earlier layer: one of the two is enough.
                if (Libc.unlinkat(staged, from, 0) != 0)
                {
                    throw LinuxException.Last("unlinkat", "a staged object");
                }

                break;
            case Errno.ENOENT when !directoryMade:
                MakeFan(to);

                // From the beginning: another process may have made the object, too, since the directory was missing.
                MoveObject(staged, from, to, flags, directoryMade: true);
                break;
            default:
                throw LinuxException.Last("renameat2", "a staged object");
        }
    }

    /// <summary>Makes the directory that an object's path begins with.</summary>
    private unsafe void MakeFan(byte* path)
    {
        byte* fan = stackalloc byte[] { path[0], path[1], 0 };
        FaultPoint.Pass("mkdirat");
        if (Libc.mkdirat(_objects, fan, 0x1c0) != 0 && Marshal.GetLastPInvokeError() != Errno.EEXIST)
        {
            throw LinuxException.Last("mkdirat", "objects/");
        }
    }
}
