// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>
/// Layers whose objects get the other form, from what the store has. Objects are only added; the index is replaced by
/// one rename when they are durable, so a crash leaves the layer in one form or the other, and at worst objects that no
/// index names. The old objects stay until a prune, and what deployments have of them after it.
/// </summary>
sealed partial class ContentStore
{
    /// <summary>Keys of contents that this process has read: layers have files in common. The other way round a content
    /// is many inodes'.</summary>
    private readonly Dictionary<ObjectKey, ObjectKey> _contents = [];

    /// <summary>What has the content of a key that was only computed.</summary>
    private readonly Dictionary<ObjectKey, ObjectKey> _originals = [];

    /// <summary>The form of a layer's objects.</summary>
    /// <exception cref="SysctrException">Corrupt: the layer is missing or altered.</exception>
    public ObjectForm FormOf(Digest diffId)
    {
        bool staged;
        lock (_staged)
        {
            staged = _staged.Contains(diffId);
        }

        string file = staged ? _staging.Value.LayerPath(diffId) : IndexPath(diffId);
        return File.Exists(file) || Below is null ? LayerIndex.FormOf(file, diffId) : Below.FormOf(diffId);
    }

    /// <summary>Gives a committed layer objects of another form; nothing happens where it has them. The caller holds
    /// <see cref="StoreLocks.Lease"/>.</summary>
    /// <returns>Whether it was converted.</returns>
    /// <exception cref="SysctrException">Corrupt: an object is missing or altered, and the layer is as it was; Storage:
    /// the disk is full or fails.</exception>
    public bool Convert(Digest diffId, ObjectForm form)
    {
        if (FormOf(diffId) == form || !File.Exists(IndexPath(diffId)))
        {
            return false;
        }

        StoreErrors.Wrap(
            $"converting layer {diffId.Short}",
            () =>
            {
                LayerEntry[] entries =
                [
                    .. ReadLayer(diffId)
                        .Entries.Select(e => HasObject(e) ? e.With(form, Convert(e, form)) : e.With(form, default)),
                ];
                Sync();
                MoveObjects();
                Sync();
                if (form == ObjectForm.Content)
                {
                    StoreFormat.Require(_root, StoreFormat.ContentObjects);
                }

                string staged = _staging.Value.LayerPath(diffId);
                FaultPoint.Pass("pwrite64");
#pragma warning disable RS0030 // Made durable below.
                using (FileStream index = File.Create(staged))
                {
                    new LayerIndex(entries, form).WriteTo(index);
                }
#pragma warning restore RS0030

                Sync();
                using IDisposable alone = Locks.LockIndexes();
                DurableFile.Move(staged, IndexPath(diffId));
            }
        );
        return true;
    }

    /// <summary>The key that an object would have in another form, for who looks and changes nothing. Its content can
    /// be opened by it.</summary>
    /// <exception cref="SysctrException">Corrupt: the object is missing or altered.</exception>
    public ObjectKey KeyIn(ObjectForm form, LayerEntry entry)
    {
        if (entry.Form == form)
        {
            return entry.Object;
        }

        if (form == ObjectForm.Content && _contents.TryGetValue(entry.Object, out ObjectKey known))
        {
            return known;
        }

        using SafeFileHandle file = OpenObject(entry.Object);
        ObjectKey key = BothKeys(entry, form, file);
        if (form == ObjectForm.Content)
        {
            _contents[entry.Object] = key;
            _originals[key] = entry.Object;
        }

        return key;
    }

    private ObjectKey Convert(LayerEntry entry, ObjectForm form)
    {
        ObjectKey key = KeyIn(form, entry);
        if (HasObject(key) || _staging.Value.Has(key))
        {
            return key;
        }

        // The inode has what the name says, and more. The other way round it is another inode's worth.
        if (form == ObjectForm.Inode || !TryLink(entry.Object, key))
        {
            Copy(entry, key, form);
        }

        return key;
    }

    /// <summary>One pass for both: what was altered since it was named must not get a new name that fits.</summary>
    private static ObjectKey BothKeys(LayerEntry entry, ObjectForm form, SafeFileHandle file)
    {
        using ObjectHasher old = new(entry.Form, entry.Metadata);
        using ObjectHasher wanted = new(form, entry.Metadata);
        FileBytes.Each(
            file,
            piece =>
            {
                old.Append(piece);
                wanted.Append(piece);
            }
        );
        return old.Finish() == entry.Object
            ? wanted.Finish()
            : throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading {Redact.Text(Encoding.UTF8.GetString(entry.Name))}: object {entry.Object} was altered",
                "'sysctr fsck --repair' mends the store"
            );
    }

    private unsafe bool TryLink(ObjectKey from, ObjectKey to)
    {
        Span<byte> source = stackalloc byte[ObjectKey.PathSize];
        Span<byte> target = stackalloc byte[ObjectKey.PathSize];
        from.WritePath(source);
        to.WritePath(target);
        fixed (byte* old = source)
        fixed (byte* made = target)
        {
            for (bool isFirst = true; ; isFirst = false)
            {
                FaultPoint.Pass("linkat");
                if (Libc.linkat(_objects, old, _objects, made, 0) == 0)
                {
                    return true;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EEXIST:
                        return true;
                    case Errno.ENOENT when isFirst:
                        MakeFan(made);
                        break;
                    case Errno.EMLINK or Errno.ENOENT:
                        // All the names that the file system allows; or it is another store's, below this one.
                        return false;
                    default:
                        throw LinuxException.Last("linkat", $"object {to}");
                }
            }
        }
    }

    private void Copy(LayerEntry entry, ObjectKey key, ObjectForm form)
    {
        using SafeFileHandle source = OpenObject(entry.Object);
        using SafeFileHandle file = _staging.Value.CreateFile(out StagedFile staged);
        long position = 0;
        FileBytes.Each(
            source,
            piece =>
            {
                FaultPoint.Pass("pwrite64");
                RandomAccess.Write(file, piece, position);
                ReportWritten(piece.Length);
                position += piece.Length;
            }
        );
        ApplyMetadata(file, entry.With(form, key));
        _staging.Value.Add(key, staged, form);
    }
}
