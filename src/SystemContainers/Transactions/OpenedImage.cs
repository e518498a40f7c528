// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Oci;
using SystemContainers.Prepared;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Transactions;

/// <summary>An image with what settings make of its words: merged once and read once, whatever is rendered of it
/// then.</summary>
/// <param name="Configuration">The image's own, as the settings change it.</param>
/// <param name="Tree">The same as they are checked out; null where the root is somebody else's.</param>
/// <param name="Rootfs">That root, absolute, as the host sees it; null for a checkout.</param>
/// <param name="Form">How it is to be checked out; of a tree that is mounted all files have objects of content
/// alone.</param>
/// <param name="Exports">What it has below /exports.</param>
sealed record OpenedImage(
    StoredImage Image,
    ContainerSettings Settings,
    ImageConfig Configuration,
    IImageFiles Files,
    MergedTree? Tree,
    string? Rootfs,
    CheckoutForm Form,
    ImageExports Exports
)
{
    /// <summary>The files of other images that it mounts, by the names that its mounts have for them.</summary>
    public IReadOnlyDictionary<string, MergedTree> Mounted { get; private init; } =
        new Dictionary<string, MergedTree>();

    /// <param name="host">Where it is to run.</param>
    /// <param name="settings">What the user set of it.</param>
    /// <param name="rootfs">A root file system that is used in place of the image's, as it was typed; null for the
    /// image's.</param>
    /// <param name="form">How it is to be checked out.</param>
    /// <param name="lease">Keeps the image where it is.</param>
    /// <param name="converts">Whether layers may be converted for that form; else it is only looked at.</param>
    /// <exception cref="Errors.SysctrException">Usage: a setting is none; NotFound: there is no such root; Template,
    /// Unsafe: the image can't be used.</exception>
    public static OpenedImage Open(
        HostTarget host,
        StoredImage image,
        ContainerSettings settings,
        string? rootfs,
        CheckoutForm form,
        StoreLease lease,
        bool converts = true
    )
    {
        lease.Require();
        string? root = rootfs is null ? null : RemoteRootfs.Find(host, rootfs);
        MergedTree? tree =
            root is not null ? null
            : form == CheckoutForm.HardLinks ? MergedTree.Build(image.Store, image.Record.DiffIds)
            : WithContents(image, converts);
        IImageFiles files = tree is null ? DirectoryTree.Open(host.Here(root!)) : tree;
        settings.Check();
        ImageConfig configuration = image.Config with { Run = ImageSettings.Apply(image.Config.Run, settings) };
        return new OpenedImage(
            image,
            settings,
            configuration,
            files,
            tree,
            root,
            form,
            ImageExports.Read(files, configuration.Run)
        )
        {
            // Always of links, whatever form the container's own tree has: none of it is needed before a start, and a
            // tree that is there has nothing to be mounted by one.
            Mounted = image.Mounted.ToDictionary(
                m => m.Key,
                m => MergedTree.Build(m.Value.Store, m.Value.Record.DiffIds),
                StringComparer.Ordinal
            ),
        };
    }

    /// <summary>What its settings mount of other images. Links on the way to it are followed in the image, and never on
    /// the host.</summary>
    /// <param name="name">The container, for messages.</param>
    /// <param name="directory">The deployment's, as the host sees it.</param>
    /// <exception cref="SysctrException">NotFound: an image does not have it; Unsafe: it is neither a directory nor a
    /// file.</exception>
    public IReadOnlyList<ImageMount> ImageMounts(string name, string directory)
    {
        string[] images = [.. Settings.MountedImages()];
        return
        [
            .. Settings.Spec.Images.Select(m =>
                MountOf(name, m, Path.Join(directory, MountedTrees.NameOf(Array.IndexOf(images, m.Image!))))
            ),
        ];
    }

    private ImageMount MountOf(string name, MountSetting mount, string tree)
    {
        string reference = Image.Mounted[mount.Image!].Record.Reference;
        ImageFile found =
            Mounted[mount.Image!].Find(mount.Subpath)
            ?? throw new SysctrException(
                ErrorKind.NotFound,
                $"preparing {name}: {reference}, whose files are to be at {mount.Destination}, has no {mount.Subpath}",
                "subpath= names a directory or file of that image"
            );
        return found.Kind is ImageFileKind.Directory or ImageFileKind.Regular
            ? new ImageMount(
                found.Path == "/" ? tree : tree + found.Path,
                mount.Destination,
                found.Kind == ImageFileKind.Directory
            )
            : throw new SysctrException(
                ErrorKind.Unsafe,
                $"preparing {name}: {mount.Subpath} of {reference} is neither a directory nor a file",
                "subpath= names one of these"
            );
    }

    /// <summary>Layers of the store get objects of content alone; where they are only looked at, the names of these are
    /// computed.</summary>
    private static MergedTree WithContents(StoredImage image, bool converts)
    {
        foreach (Digest diffId in converts ? image.Record.DiffIds : [])
        {
            image.Store.Convert(diffId, ObjectForm.Content);
        }

        return MergedTree.Build(image.Store, image.Record.DiffIds, ObjectForm.Content);
    }

    /// <summary>The same image with other settings; nothing is merged again.</summary>
    /// <exception cref="Errors.SysctrException">As <see cref="Open"/>.</exception>
    public OpenedImage With(ContainerSettings settings)
    {
        settings.Check();
        ImageConfig configuration = Image.Config with { Run = ImageSettings.Apply(Image.Config.Run, settings) };
        return this with
        {
            Settings = settings,
            Configuration = configuration,
            Exports = ImageExports.Read(Files, configuration.Run),
        };
    }
}
