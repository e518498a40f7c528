// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Oci;
using SystemContainers.Prepared;
using SystemContainers.Settings;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Transactions;

/// <summary>An image with what settings make of its words: merged once and read once, whatever is rendered of it
/// then.</summary>
/// <param name="Image">The image.</param>
/// <param name="Settings">The settings.</param>
/// <param name="Configuration">The image's own, as the settings change it.</param>
/// <param name="Files">Its files.</param>
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
    /// <summary>Opens an image.</summary>
    /// <param name="host">Where it is to run.</param>
    /// <param name="image">All of it is in its store.</param>
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
