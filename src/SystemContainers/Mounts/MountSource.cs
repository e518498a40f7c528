// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Linux.Verity;
using SystemContainers.Runtime.Launch;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tree;

namespace SystemContainers.Mounts;

/// <summary>Whose files are looked at: those of a container's deployment, or of an image of the store.</summary>
sealed class MountSource
{
    private readonly Host _host;
    private readonly string _doing;
    private readonly ImageRecord? _image;

    private MountSource(Host host, string doing, ContainerRecord? container, ImageRecord? image)
    {
        _host = host;
        _doing = doing;
        Container = container;
        _image = image;
    }

    /// <summary>The container's record; null for an image.</summary>
    public ContainerRecord? Container { get; }

    public MountKind Kind => Container is null ? MountKind.Image : MountKind.Container;

    /// <summary>The container's name, or the image's full reference.</summary>
    public string Name => Container?.Name ?? _image!.Reference;

    /// <summary>The image's full reference.</summary>
    public string Image => Container?.Image ?? _image!.Reference;

    /// <summary>The digest of the image's manifest.</summary>
    public Oci.Digest ManifestDigest => Container?.ManifestDigest ?? _image!.ManifestDigest;

    /// <summary>The image's ID.</summary>
    public Oci.Digest ConfigDigest => Container?.ImageId ?? _image!.ConfigDigest;

    /// <summary>Its layers, base first.</summary>
    public IReadOnlyList<Oci.Digest> DiffIds => Container?.DiffIds ?? _image!.DiffIds;

    /// <summary>The image, with those whose files the container mounts.</summary>
    public IReadOnlyList<ImageRecord> Images => Container?.Images ?? [_image!];

    /// <summary>Finds what a name means.</summary>
    /// <param name="doing">What is being done with it, for messages: "mounting".</param>
    /// <param name="name">A container, or an image by name or ID, as it was typed.</param>
    /// <param name="kind">Which of the two; null for the one that there is.</param>
    /// <exception cref="SysctrException">Usage: the name could be an image and a container; NotFound: there is
    /// neither.</exception>
    public static MountSource Find(Host host, string doing, string name, MountKind? kind)
    {
        ContainerRecord? container =
            kind != MountKind.Image && Exports.ContainerName.IsValid(name) ? host.Catalog.Find(name) : null;
        ImageRecord? image = null;
        try
        {
            image = kind == MountKind.Container ? null : new ImageNames(host).Find(name)[0];
        }
        catch (SysctrException) when (container is not null)
        {
            // It is no image's name; the container is meant.
        }

        return (container, image) switch
        {
            (not null, not null) => throw new SysctrException(
                ErrorKind.Usage,
                $"{doing} {name}: there is a container and an image of that name",
                "say which: --storage containers or --storage images"
            ),
            (null, null) => throw new SysctrException(
                ErrorKind.NotFound,
                $"{doing} {name}: there is no container of that name",
                "'sysctr list' shows what is installed"
            ),
            _ => new MountSource(host, doing, container, image),
        };
    }

    /// <summary>
    /// The files. Those that each start of a container mounts are mounted here as well, where this host can; else they
    /// are checked out, and so are an image's: a prune does not know of a mount that needs their objects, as it knows
    /// of a deployment.
    /// </summary>
    /// <param name="place">Where there is room for a checkout; whoever made it removes it.</param>
    /// <exception cref="SysctrException">NotFound: there are none.</exception>
    public SourceTree Tree(string place, CancellationToken cancellation) =>
        Container switch
        {
            { Composefs: { } text }
                when VerityDigest.TryParse(text, out VerityDigest digest)
                    && _host.Root == "/"
                    && _host.User is null
                    && _host.FindMountObstacle() is null => new SourceTree(
                Path.Join(_host.Deployment(Container.Name, Container.Deployment).Here, ComposefsRoot.ImageName),
                digest,
                Path.Join(_host.StoreHere, "objects")
            ),
            null or { Composefs: not null } => new SourceTree(CheckOut(place, cancellation)),
            _ => new SourceTree(RootfsOf(Container)),
        };

    private string CheckOut(string place, CancellationToken cancellation)
    {
        using StoreLease lease = _host.Locks.LeaseStore(cancellation);
        string rootfs = Path.Join(place, "rootfs");
        TreeCheckout.Write(MergedTree.Build(_host.OpenStore(), DiffIds), rootfs, []);
        return rootfs;
    }

    private string RootfsOf(ContainerRecord container)
    {
        string rootfs = container.RemoteRootfs is { } remote
            ? _host.Here(remote)
            : Path.Join(_host.Deployment(container.Name, container.Deployment).Here, "rootfs");
        return Directory.Exists(rootfs)
            ? rootfs
            : throw new SysctrException(
                ErrorKind.NotFound,
                $"{_doing} {container.Name}: it has no root file system",
                "it only has files on the host; its image has them"
            );
    }
}
