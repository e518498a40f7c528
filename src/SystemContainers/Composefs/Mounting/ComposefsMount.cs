// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Verity;

namespace SystemContainers.Composefs.Mounting;

/// <summary>
/// A tree mounted: an image of its metadata (EROFS), and over it an overlay whose files have their contents in the
/// store's objects. It is where the calling thread's mount namespace has it, and nothing stays of it once it is
/// unmounted there.
/// </summary>
sealed class ComposefsMount
{
    private const string Doing = "mounting the tree";

    private readonly string _objects;
    private readonly string _place;
    private readonly string _source;
    private readonly bool _verity;

    private ComposefsMount(string objects, string place, string source, bool verity)
    {
        _objects = objects;
        _place = place;
        _source = source;
        _verity = verity;
    }

    /// <summary>Mounts the metadata, at the place that the tree is going to have.</summary>
    /// <param name="image">What <see cref="ComposefsImage"/> wrote.</param>
    /// <param name="objects">The store's objects; without : and , in its path.</param>
    /// <param name="place">An empty directory; likewise.</param>
    /// <param name="source">What the mount table is to name as the origin.</param>
    /// <param name="byDevice">Mounts an image at a place by a device, where the kernel can't by a file; null for
    /// <see cref="MountByDevice"/>.</param>
    /// <param name="known">What spares the reading of an image that was read since the host has booted; null reads
    /// it.</param>
    /// <exception cref="SysctrException">Corrupt: it is another image; Host: the kernel can't.</exception>
    public static ComposefsMount Open(
        string image,
        VerityDigest digest,
        string objects,
        string place,
        string source,
        Action<string, string>? byDevice = null,
        ProvenImages? known = null
    )
    {
        using SafeFileHandle file = Libc.open(image, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
        if (file.IsInvalid)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing} {image}: {LinuxException.Last("open", image).Message}",
                "'sysctr fsck --repair' makes it again"
            );
        }

        // With fs-verity the kernel has the digest, and holds every read to it. Without, it is right now.
        VerityDigest? proven = FsVerity.Measure(file);
        if ((proven ?? Read(file, digest, known)) != digest)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing} {image}: it is not the one that was installed, which has the digest {digest}",
                "'sysctr fsck --repair' makes it again"
            );
        }

        try
        {
            using SafeFileHandle? direct = TryErofs(image);
            if (direct is null)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno is Errno.EIO or Errno.EUCLEAN)
                {
                    throw new LinuxException("fsconfig", image, errno);
                }

                (byDevice ?? MountByDevice)(image, place);
            }
            else
            {
                Check(Libc.move_mount((int)direct.DangerousGetHandle(), place), "move_mount");
            }
        }
        catch (LinuxException e) when (e.Errno is Errno.EIO or Errno.EUCLEAN)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing} {image}: {e.Message}",
                "'sysctr fsck --repair' makes it again",
                e
            );
        }
        catch (LinuxException e)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"{Doing} {image}: {e.Message}",
                "the kernel needs EROFS, from 6.12 or with loop devices; '--checkout hardlinks' goes without",
                e
            );
        }

        return new ComposefsMount(objects, place, source, proven is not null);
    }

    private static VerityDigest Read(SafeFileHandle image, VerityDigest expected, ProvenImages? known)
    {
        if (known?.Has(image, expected) == true)
        {
            return expected;
        }

        string state = ProvenImages.State(image);
        VerityDigest found = VerityHasher.Of(image);
        if (found == expected)
        {
            known?.Add(image, found, state);
        }

        return found;
    }

    /// <summary>Mounts a tree to be looked at; nothing is mounted where that fails.</summary>
    /// <param name="image">As of <see cref="Open"/>.</param>
    /// <param name="digest">As of <see cref="Open"/>.</param>
    /// <param name="objects">As of <see cref="Open"/>.</param>
    /// <param name="place">As of <see cref="Open"/>.</param>
    /// <param name="target">Where the tree is to be.</param>
    /// <param name="above">As of <see cref="Complete"/>.</param>
    /// <param name="attributes">As of <see cref="Complete"/>.</param>
    /// <exception cref="SysctrException">Corrupt: it is another image; Host: the kernel can't.</exception>
    public static void Mount(
        string image,
        VerityDigest digest,
        string objects,
        string place,
        string target,
        string? above,
        ulong attributes
    )
    {
        ComposefsMount tree = Open(image, digest, objects, place, "sysctr");
        try
        {
            tree.Complete(target: target, above: above, attributes: attributes);
        }
        catch
        {
            _ = Libc.umount2(place, Libc.MNT_DETACH);
            throw;
        }
    }

    /// <summary>Once it is complete: whether the objects are a layer of data alone, whose names the tree can't show
    /// (Linux 6.5).</summary>
    public bool HasDataLayer { get; private set; }

    /// <summary>The kernel is taken for one before 6.5.</summary>
    internal bool IsWithoutDataLayers { get; set; }

    /// <summary>The mode of the tree's root.</summary>
    public UnixFileMode RootMode => File.GetUnixFileMode(_place);

    /// <summary>Puts the tree in the place of its metadata, or elsewhere.</summary>
    /// <param name="changes">Where the tree's changes go, for one that can be written to: <c>upper</c> and <c>work</c>
    /// are in it. Null for one that is read.</param>
    /// <param name="target">Where the tree is to be; null for the place of its metadata.</param>
    /// <param name="above">A directory whose names, and whose own mode, stand before the tree's; null for none. Its
    /// path is as the objects'.</param>
    /// <param name="attributes">MOUNT_ATTR_* of the mount; that it can't be written to, where no changes go anywhere,
    /// is among them.</param>
    /// <exception cref="SysctrException">Host: the kernel can't.</exception>
    public void Complete(string? changes = null, string? target = null, string? above = null, ulong attributes = 0)
    {
        try
        {
            // Lower layers that only have data are there since 6.5 (before that the image hides their names), and their
            // digests are compared since 6.6. Until 6.5 an option is not refused by itself, but all of them when the
            // file system is made. What the kernel refuses for another reason is not mounted with less.
            using SafeFileHandle overlay =
                (_verity && !IsWithoutDataLayers ? Try("::", isProven: true) ?? Unless(Errno.EINVAL) : null)
                ?? (IsWithoutDataLayers ? null : Try("::", isProven: false))
                ?? TryNamed()
                ?? throw LinuxException.Last("fsconfig", _place);
            SafeFileHandle? Unless(int errno) =>
                Marshal.GetLastPInvokeError() == errno ? null : throw LinuxException.Last("fsconfig", _place);
            SafeFileHandle? TryNamed()
            {
                CheckNames();
                return Try(":", isProven: false);
            }
            SafeFileHandle? Try(string separator, bool isProven)
            {
                HasDataLayer = separator == "::";
                return TryOverlay(
                    $"{(above is null ? "" : above + ":")}{_place}{separator}{_objects}",
                    isProven,
                    changes,
                    changes is null ? attributes | Libc.MOUNT_ATTR_RDONLY : attributes
                );
            }

            Check(Libc.umount2(_place, Libc.MNT_DETACH), "umount2");
            Check(Libc.move_mount((int)overlay.DangerousGetHandle(), target ?? _place), "move_mount");
        }
        catch (LinuxException e)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"{Doing} at {target ?? _place}: {e.Message}",
                "the kernel needs overlayfs with redirect_dir and metacopy; '--checkout hardlinks' goes without",
                e
            );
        }
    }

    /// <summary>
    /// Without layers of data alone the image's whiteouts hide the directories of the objects, but where the tree has a
    /// directory of that name the two are one. Attack: an image with /00 to /ff reads the files of all others.
    /// </summary>
    /// <exception cref="SysctrException">Host: the tree has such a directory.</exception>
    private void CheckNames()
    {
        for (int i = 0; i <= byte.MaxValue; i++)
        {
            DirectoryInfo directory = new(Path.Join(_place, i.ToString("x2", CultureInfo.InvariantCulture)));
            if (directory.Exists && directory.LinkTarget is null)
            {
                throw new SysctrException(
                    ErrorKind.Host,
                    $"{Doing} at {_place}: this kernel has no layers of data alone, and would show the store's objects in the tree's /{directory.Name}",
                    "it needs Linux 6.5; '--checkout hardlinks' goes without"
                );
            }
        }
    }

    /// <summary>Mounts an image at a place by a loop device, which goes with the mount.</summary>
    /// <exception cref="LinuxException">There is no device, or the kernel does not take the image.</exception>
    public static void MountByDevice(string image, string place)
    {
        using SafeFileHandle file = Libc.open(image, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
        if (file.IsInvalid)
        {
            throw LinuxException.Last("open", image);
        }

        if (TryMount(file, "/dev", place))
        {
            return;
        }

        // A /dev of few nodes: that of a unit with PrivateDevices=, or of a container. The kernel has all; they are
        // mounted nowhere, and gone with the handle.
        using SafeFileHandle context = Opened("devtmpfs");
        Check(Libc.fsconfig_create(context), "fsconfig");
        using SafeFileHandle nodes = Mounted(context, attributes: 0);
        if (!TryMount(file, $"/proc/self/fd/{(int)nodes.DangerousGetHandle()}", place))
        {
            throw new LinuxException("open", "a loop device", Errno.ENOENT);
        }
    }

    /// <returns>Whether there is a node of the device.</returns>
    private static bool TryMount(SafeFileHandle file, string devices, string place)
    {
        SafeFileHandle device;
        string path;
        try
        {
            device = LoopDevice.Attach(file, devices, out path);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }

        using SafeFileHandle held = device;
        using SafeFileHandle mount = TryErofs(path) ?? throw LinuxException.Last("fsconfig", path);
        Check(Libc.move_mount((int)mount.DangerousGetHandle(), place), "move_mount");
        return true;
    }

    /// <param name="layers">The metadata and the objects as overlayfs separates them, and what is above.</param>
    /// <param name="isProven">Whether each object has to have the digest that the metadata has of it.</param>
    /// <param name="changes">As above.</param>
    /// <param name="attributes">MOUNT_ATTR_*.</param>
    private SafeFileHandle? TryOverlay(string layers, bool isProven, string? changes, ulong attributes)
    {
        using SafeFileHandle context = Opened("overlay");
        Set(context, "source", _source);
        Set(context, "metacopy", "on");
        Set(context, "redirect_dir", "on");
        if (isProven && Libc.fsconfig(context, "verity", "require") != 0)
        {
            return null;
        }

        if (Libc.fsconfig(context, "lowerdir", layers) != 0)
        {
            return null;
        }

        if (changes is not null)
        {
            Set(context, "upperdir", Path.Join(changes, "upper"));
            Set(context, "workdir", Path.Join(changes, "work"));
        }

        return Libc.fsconfig_create(context) == 0 ? Mounted(context, attributes) : null;
    }

    private static SafeFileHandle? TryErofs(string source)
    {
        using SafeFileHandle context = Opened("erofs");
        Set(context, "source", source);
        Set(context, "ro", null);
        return Libc.fsconfig_create(context) == 0 ? Mounted(context, Libc.MOUNT_ATTR_RDONLY) : null;
    }

    private static SafeFileHandle Opened(string type)
    {
        SafeFileHandle context = new(Libc.fsopen(type), ownsHandle: true);
        return context.IsInvalid ? throw LinuxException.Last("fsopen", type) : context;
    }

    private static void Set(SafeFileHandle context, string key, string? value) =>
        Check(Libc.fsconfig(context, key, value), $"fsconfig {key}");

    private static SafeFileHandle Mounted(SafeFileHandle context, ulong attributes)
    {
        SafeFileHandle mount = new(Libc.fsmount(context, attributes), ownsHandle: true);
        return mount.IsInvalid ? throw LinuxException.Last("fsmount", "") : mount;
    }

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw LinuxException.Last(call, "");
        }
    }
}
