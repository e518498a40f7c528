// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Verity;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Composefs.Mounting;

/// <summary>
/// Whether this host can mount trees. It is tried with a tree of one file: no version tells it, for it depends on the
/// kernel's modules, on the file system below the store, on loop devices, and on what whoever runs this host, which may
/// be a container itself, lets it mount.
/// </summary>
static class ComposefsProbe
{
    /// <summary>Where a kernel with SELinux has its state (selinux(8)).</summary>
    private const string SelinuxState = "/sys/fs/selinux/enforce";

    private static readonly byte[] s_content = new byte[ComposefsImage.MaxInlineContent + 1];

    /// <summary>Tries it, in a mount namespace that ends with the call.</summary>
    /// <param name="directory">An empty directory on the store's file system; what is left in it is the caller's to
    /// remove.</param>
    /// <exception cref="IOException">The directory can't be written to.</exception>
    public static ComposefsAbility Try(string directory)
    {
        (string image, VerityDigest digest, string objects) = Write(directory);
        string place = Directory.CreateDirectory(Path.Join(directory, "place")).FullName;
        ComposefsAbility? ability = null;

        // Which mounts a thread sees is its own only once it has left the others', and it can't come back.
        OwnThread.Run(() => ability = Mount(image, digest, objects, place));
        return ability!;
    }

    private static (string Image, VerityDigest Digest, string Objects) Write(string directory)
    {
        VerityDigest content = VerityHasher.Of(s_content);
        string hex = content.ToString();
        string objects = Path.Join(directory, "objects");
        Directory.CreateDirectory(Path.Join(objects, hex[..2]));
        FileMetadata metadata = new(0b100_100_100, 0, 0, 0, 0, []);
        TreeDirectory root = new(metadata with { Mode = 0b111_101_101 });
        LayerEntry entry = new()
        {
            Type = TarEntryType.Regular,
            Name = [.. "file"u8],
            LinkName = [],
            Metadata = metadata,
            Size = s_content.Length,
            DeviceMajor = 0,
            DeviceMinor = 0,
            Form = ObjectForm.Content,
            Object = ObjectKey.Of(content),
        };
        root.Set(entry.Name, new TreeLeaf(entry), 0);
        byte[] bytes = new ComposefsImage(root).ToBytes(_ => []);
        string image = Path.Join(directory, "image");
#pragma warning disable RS0030 // Nothing of it has to outlive this call.
        File.WriteAllBytes(Path.Join(objects, hex[..2], hex[2..]), s_content);
        File.WriteAllBytes(image, bytes);
#pragma warning restore RS0030
        return (image, VerityHasher.Of(bytes), objects);
    }

    private static ComposefsAbility Mount(string image, VerityDigest digest, string objects, string place)
    {
        try
        {
            OwnMounts.Leave(Libc.MS_SLAVE);
            ComposefsMount tree = ComposefsMount.Open(image, digest, objects, place, place);
            tree.Complete();
            return File.ReadAllBytes(Path.Join(place, "file")).AsSpan().SequenceEqual(s_content)
                ? new ComposefsAbility(Obstacle: null, IsDefault: tree.HasDataLayer && !File.Exists(SelinuxState))
                : new ComposefsAbility("a file of a mounted tree has not its content", IsDefault: false);
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            return new ComposefsAbility((e.InnerException ?? e).Message, IsDefault: false);
        }
    }
}
