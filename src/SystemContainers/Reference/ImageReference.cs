using SystemContainers.Oci;

namespace SystemContainers.Reference;

/// <summary>
/// The full name of an image: <c>docker://host[:port]/repository[:tag][@digest]</c> or <c>oci:/absolute/dir[:tag][@digest]</c>.
/// Every value is well-formed (distribution's reference grammar; names of docker.io normalised), so its parts can go into
/// URLs and messages as they are.
/// </summary>
/// <remarks>What a user types may be shorter: <see cref="RegistriesConfig.Resolve"/>.</remarks>
sealed partial record ImageReference
{
    private ImageReference()
    {
    }

    /// <summary>How the image is reached.</summary>
    public required ImageTransport Transport { get; init; }

    /// <summary><c>docker.io</c>, <c>127.0.0.1:5000</c>, <c>[::1]:5000</c>; empty for a layout.</summary>
    public string Registry { get; private init; } = "";

    /// <summary>The path within the registry, <c>library/etcd</c>; empty for a layout.</summary>
    public string Repository { get; private init; } = "";

    /// <summary>The tag. Null where only a digest was given, or a layout's only image is meant.</summary>
    public string? Tag { get; private init; }

    /// <summary>The manifest's digest; where there is one the tag is for people only.</summary>
    public Digest? Digest { get; private init; }

    /// <summary>The absolute path of a layout; empty for a registry.</summary>
    public string LayoutPath { get; private init; } = "";

    /// <summary><c>host/repository</c>, or the path of a layout: the name without tag and digest.</summary>
    public string Name => Transport == ImageTransport.Docker ? $"{Registry}/{Repository}" : LayoutPath;

    /// <summary>The name with tag and digest, without the transport: <c>docker.io/library/etcd:latest</c>.</summary>
    public string Identity =>
        Name + (Tag is null ? "" : ":" + Tag) + (Digest is { } digest ? "@" + digest : "");

    /// <summary>The last word of the name, a fit name for a container: <c>etcd</c>.</summary>
    public string ShortName => Name[(Name.LastIndexOf('/') + 1)..];

    /// <summary>The same image by the digest of its manifest, the tag kept for people.</summary>
    public ImageReference WithDigest(Digest digest) => this with { Digest = digest };

    /// <summary>The canonical text; <see cref="Parse"/> gives the same reference back.</summary>
    public override string ToString() => (Transport == ImageTransport.Docker ? "docker://" : "oci:") + Identity;
}
