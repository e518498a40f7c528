// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>Putting right what was found wrong: whatever is replaced is replaced by one rename.</summary>
sealed partial class ContentStore
{
    private IReadOnlySet<ObjectKey> _replaced = new HashSet<ObjectKey>();

    /// <summary>From here on layers that are added bring these objects anew, and <see cref="Commit"/> puts them in the
    /// place of those that are there.</summary>
    /// <param name="damaged">Objects that are not what their names say. Deployments keep the old inodes.</param>
    public void Replace(IReadOnlySet<ObjectKey> damaged) => _replaced = damaged;

    /// <summary>Gives an object whose content is right the metadata of its name, on the inode that all deployments
    /// share.</summary>
    /// <returns>False where the content is another.</returns>
    /// <exception cref="SysctrException">Storage, Permission: the file system refuses.</exception>
    public bool MendMetadata(LayerEntry entry)
    {
        using SafeFileHandle file = OpenObject(entry.Object);
        if (ObjectHasher.KeyOf(entry.Form, entry.Metadata, file) != entry.Object)
        {
            return false;
        }

        StoreErrors.Wrap(
            $"mending object {entry.Object}",
            () =>
            {
                string path = $"/proc/self/fd/{file.DangerousGetHandle()}";
                foreach (
                    FileXattr extra in FileXattrs
                        .Read(path)
                        .Where(x => !Array.Exists(FileXattrs.OfHost, h => x.Name.AsSpan().SequenceEqual(h)))
                )
                {
                    RemoveXattr(file, extra.Name);
                }

                InodeWriter.Apply(file, entry.Metadata, $"object {entry.Object}");
                if (Libc.fsync(file) != 0)
                {
                    throw LinuxException.Last("fsync", $"object {entry.Object}");
                }
            }
        );
        return true;
    }

    /// <summary>Writes a blob anew, whatever is there.</summary>
    /// <exception cref="SysctrException">Storage: the disk is full or fails.</exception>
    public void ReplaceBlob(Digest digest, byte[] content) =>
        StoreErrors.Wrap(
            $"keeping blob {digest}",
            () => DurableFile.Write(BlobPath(digest), content, UnixFileMode.UserRead | UnixFileMode.UserWrite)
        );

    private static unsafe void RemoveXattr(SafeFileHandle file, byte[] name)
    {
        fixed (byte* pointer = Terminated(name))
        {
            if (Libc.fremovexattr(file, pointer) != 0)
            {
                throw LinuxException.Last("fremovexattr", "an object");
            }
        }
    }

    private static byte[] Terminated(byte[] name) => [.. name, 0];
}
