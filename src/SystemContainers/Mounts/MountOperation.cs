// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Composefs.Mounting;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Mounts;

/// <summary>
/// Mounts the files of an image or of a container's deployment on a directory, to be looked at. Read-only always: they
/// are the store's objects. A prune may go on beside it, and the files stay as long as the mount: a checkout has names
/// of its own for them, and a deployment that is mounted keeps its own.
/// </summary>
sealed class MountOperation(Host host, Action<string> note)
{
    /// <summary>What the table of mounts calls each of ours.</summary>
    private const string Source = "sysctr";

    private readonly MountCatalog _mounts = new(host.Target, host.Locks);

    /// <exception cref="SysctrException">
    /// Usage: the name could be an image and a container; NotFound: there is neither, or no such directory; Conflict:
    /// the directory is in use, or the container is being uninstalled.
    /// </exception>
    public async Task MountAsync(MountRequest request, CancellationToken cancellation)
    {
        string options = request.CheckedOptions();
        _ = Empty(request);
        using IDisposable held = _mounts.Lock(cancellation);
        _mounts.RemoveStale();

        // Whoever had the lock may have mounted there.
        string directory = Empty(request);
        MountSource source = MountSource.Find(host, "mounting", request.Name, request.Kind);
        _mounts.RequireStaying("mounting", source);
        MountRecord record = _mounts.NewRecord(directory, source, options);
        string place = _mounts.NewPlace();
        try
        {
            Directory.CreateDirectory(place);
            SourceTree tree = source.Tree(place, cancellation);

            // First the record: whatever ends us from here on, somebody knows what this is.
            RecordDocument.Write(MountCatalog.InfoFile(place), record, MountsJson.Default.MountRecord);
            if (tree.Digest is { } digest)
            {
                string image = Directory.CreateDirectory(Path.Join(place, "image")).FullName;
                ComposefsMount.Mount(
                    tree.Path,
                    digest,
                    Layer(tree.Objects),
                    Layer(image),
                    directory,
                    Layer(Private(place)),
                    Attributes(options)
                );
            }
            else
            {
                cancellation.ThrowIfCancellationRequested();
                await MountAsync(tree.Path, place, directory, record.Name, options);
            }
        }
        catch
        {
            TreeRemoval.Remove(place);
            throw;
        }

        note($"{record.Name}: mounted on {directory}");
    }

    private static async Task MountAsync(string tree, string place, string directory, string name, string options)
    {
        // One that is broken off may have mounted, and what it has mounted would go.
        ProcessResult mount = await ProcessRunner.ChangeAsync(
            "mount",
            ["-t", "overlay", "-o", $"{options},lowerdir={Layer(Private(place))}:{Layer(tree)}", Source, directory],
            CancellationToken.None
        );
        if (mount.ExitCode != 0)
        {
            throw new SysctrException(ErrorKind.Host, $"mounting {name} on {directory}: {mount.Error.Trim()}");
        }
    }

    /// <summary>What mount(8) makes of the words that <see cref="MountRequest"/> allows; of two that contradict each
    /// other the later one counts.</summary>
    private static ulong Attributes(string options)
    {
        ulong attributes = 0;
        foreach (string option in options.Split(','))
        {
            attributes = option switch
            {
                "suid" => attributes & ~Libc.MOUNT_ATTR_NOSUID,
                "nosuid" => attributes | Libc.MOUNT_ATTR_NOSUID,
                "dev" => attributes & ~Libc.MOUNT_ATTR_NODEV,
                "nodev" => attributes | Libc.MOUNT_ATTR_NODEV,
                "exec" => attributes & ~Libc.MOUNT_ATTR_NOEXEC,
                "noexec" => attributes | Libc.MOUNT_ATTR_NOEXEC,
                // Of access to files of the store no time is kept.
                _ => attributes,
            };
        }

        return attributes;
    }

    /// <summary>Takes a mount away again, and what was checked out for it.</summary>
    /// <exception cref="SysctrException">NotFound: sysctr has mounted nothing there; Conflict: somebody uses
    /// it.</exception>
    public async Task UnmountAsync(string typed, CancellationToken cancellation)
    {
        string directory = RealPath.Of(Path.GetFullPath(typed));
        using IDisposable held = _mounts.Lock(cancellation);
        _mounts.RemoveStale();
        (string place, MountRecord record) = _mounts.Live().LastOrDefault(m => m.Record.Directory == directory);
        if (record is null)
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"unmounting {typed}: sysctr has mounted nothing there",
                "'sysctr mount' lists what it has; umount(8) is for all others"
            );
        }

        // umount(8) takes the last one away, whosever that is.
        if (MountTable.Read().LastOrDefault(m => m.Point == directory) is { Source: not Source } other)
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"unmounting {directory}: somebody else has mounted {other.Source} over it",
                $"'umount {directory}' takes that away"
            );
        }

        ProcessResult umount = await ProcessRunner.ChangeAsync("umount", [directory], cancellation);
        if (umount.ExitCode != 0)
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"unmounting {directory}: {umount.Error.Trim().TrimEnd('.')}",
                $"'fuser --verbose --mount {directory}' shows who uses it"
            );
        }

        TreeRemoval.Remove(place);
        note($"{record.Name}: unmounted from {directory}");
    }

    private static string Empty(MountRequest request)
    {
        string directory = RealPath.Of(Path.GetFullPath(request.Directory));
        if (!Directory.Exists(directory))
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"mounting {request.Name} on {request.Directory}: there is no such directory",
                $"make it first: mkdir -p {request.Directory}"
            );
        }

        // What is in it would be hidden, and an earlier mount forgotten.
        return Directory.EnumerateFileSystemEntries(directory).Any()
            ? throw new SysctrException(
                ErrorKind.Conflict,
                $"mounting {request.Name} on {request.Directory}: the directory is not empty",
                "name an empty one"
            )
            : directory;
    }

    /// <summary>
    /// An empty directory that root alone enters. As the upper of two layers it gives the mount its root's mode:
    /// wherever it is mounted, no user of the host gets to set-user-ID programs of an image, or to files of a number
    /// that happens to be theirs. The tree below is as it was.
    /// </summary>
    private static string Private(string place)
    {
        string directory = Path.Join(place, "private");
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return directory;
    }

    /// <summary>A path as mount(8) and overlayfs take it apart.</summary>
    private static string Layer(string path) =>
        path.AsSpan().IndexOfAny(",:\\\"") < 0
            ? path
            : throw new SysctrException(
                ErrorKind.Usage,
                $"mounting {path}: an option of mount(8) can't name it",
                "move the store to a path without , : \\ \""
            );
}
