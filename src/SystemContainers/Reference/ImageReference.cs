// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Reference;

/// <summary>
/// The full name of an image: <c>docker://host[:port]/repository[:tag][@digest]</c>,
/// <c>oci:/absolute/dir[:tag][@digest]</c>, <c>oci-archive:/absolute/file[:tag][@digest]</c>,
/// <c>docker-archive:/absolute/file[:host/repository:tag]</c>, <c>dir:/absolute/dir</c>,
/// <c>docker-daemon:host/repository:tag</c> or <c>docker-daemon:sha256:ID</c>. Every value is well-formed
/// (distribution's reference grammar; names of docker.io normalised), so its parts can go into URLs and messages as
/// they are.
/// </summary>
/// <remarks>What a user types may be shorter: <see cref="RegistriesConfig.Resolve"/>.</remarks>
sealed partial record ImageReference
{
    /// <summary>The image of a pod, which has no files and no payload: its unit makes a network and nothing
    /// else.</summary>
    public const string Pod = "sysctr-builtin:" + PodName;

    /// <summary>The image of a container whose files are a directory of the host: it has none.</summary>
    public const string Rootfs = "sysctr-builtin:" + RootfsName;

    internal const string PodName = "pod";

    internal const string RootfsName = "rootfs";

    private ImageReference() { }

    /// <summary>How the image is reached.</summary>
    public required ImageTransport Transport { get; init; }

    /// <summary><c>docker.io</c>, <c>127.0.0.1:5000</c>, <c>[::1]:5000</c>; empty for a layout, or where an archive's
    /// only image is meant.</summary>
    public string Registry { get; private init; } = "";

    /// <summary>The path within the registry, <c>library/etcd</c>; empty where <see cref="Registry"/> is.</summary>
    public string Repository { get; private init; } = "";

    /// <summary>The tag. Null where only a digest or ID was given, or the only image of a layout or archive is
    /// meant.</summary>
    public string? Tag { get; private init; }

    /// <summary>The manifest's digest; where there is one the tag is for people only.</summary>
    public Digest? Digest { get; private init; }

    /// <summary>The digest of the configuration, by which a daemon knows images without a name; null where it has
    /// one.</summary>
    public Digest? ImageId { get; private init; }

    /// <summary>The absolute path of a layout or archive; empty for registry and daemon.</summary>
    public string FilePath { get; private init; } = "";

    /// <summary>
    /// <c>host/repository</c>, or the path of a layout or archive, and with it what the archive calls the image: the
    /// name without tag and digest.
    /// </summary>
    public string Name =>
        (FilePath, Repository) switch
        {
            ({ Length: > 0 }, { Length: > 0 }) => $"{FilePath}:{Registry}/{Repository}",
            ({ Length: > 0 }, _) => FilePath,
            _ when Transport == ImageTransport.Builtin => Repository,
            _ => ImageId is { } id ? id.ToString() : $"{Registry}/{Repository}",
        };

    /// <summary>The name with tag and digest, without the transport: <c>docker.io/library/etcd:latest</c>.</summary>
    public string Identity => Name + (Tag is null ? "" : ":" + Tag) + (Digest is { } digest ? "@" + digest : "");

    /// <summary>The last word of the name, a fit name for a container: <c>etcd</c>. Of a file without its archive's
    /// suffix.</summary>
    public string ShortName =>
        ImageId?.Short ?? (Repository.Length > 0 ? LastWord(Repository) : WithoutSuffix(LastWord(FilePath)));

    /// <summary>The same image by the digest of its manifest, the tag kept for people.</summary>
    public ImageReference WithDigest(Digest digest) => this with { Digest = digest };

    /// <summary>The canonical text; <see cref="Parse"/> gives the same reference back.</summary>
    public override string ToString() => Prefix(Transport) + Identity;

    private static string LastWord(string path) => path[(path.LastIndexOf('/') + 1)..];

    private string WithoutSuffix(string file) =>
        Transport is ImageTransport.OciLayout or ImageTransport.Directory
            ? file
            : file[
                ..^(
                    s_archiveSuffixes.FirstOrDefault(s => file.EndsWith(s, StringComparison.OrdinalIgnoreCase)) ?? ""
                ).Length
            ];
}
