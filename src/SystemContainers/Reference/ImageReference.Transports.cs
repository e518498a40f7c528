// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace SystemContainers.Reference;

/// <summary>The transports but the registry's: containers-transports(5), as skopeo and podman read them.</summary>
sealed partial record ImageReference
{
    // Transports of other tools; saying what to do is kinder than calling the name malformed.
    private static readonly (string Prefix, string Hint)[] s_otherTransports =
    [
        (
            "containers-storage:",
            "'podman save --output FILE IMAGE' takes it out of podman's store, docker-archive:FILE reads that; with skopeo 'sysctr copy containers-storage:NAME sysctr:NAME' does"
        ),
        ("ostree:", "'skopeo copy ostree:… oci:DIRECTORY:TAG' makes a layout of it"),
        ("tarball:", "'podman import' makes an image of it"),
        ("sif:", "'skopeo copy sif:… oci:DIRECTORY:TAG' makes a layout of it"),
        ("atomic:", "use docker://HOST/REPOSITORY[:TAG]"),
        ("http://", "use docker://HOST/REPOSITORY[:TAG], with insecure = true for the host in registries.conf"),
        ("https://", "use docker://HOST/REPOSITORY[:TAG]"),
        ("dockertar:", "use docker-archive:FILE[:NAME:TAG]"),
        ("docker:", "use docker-daemon:NAME:TAG for the local daemon, docker://HOST/REPOSITORY[:TAG] for a registry"),
    ];

    private static string Prefix(ImageTransport transport) =>
        transport switch
        {
            ImageTransport.OciLayout => "oci:",
            ImageTransport.OciArchive => "oci-archive:",
            ImageTransport.DockerArchive => "docker-archive:",
            ImageTransport.DockerDaemon => "docker-daemon:",
            ImageTransport.Directory => "dir:",
            ImageTransport.Builtin => "sysctr-builtin:",
            _ => "docker://",
        };

    /// <summary>Whether a text begins with a transport that we know.</summary>
    public static bool HasTransport(string text) => TransportOf(text) is not null;

    /// <summary>The transport that a text begins with; null where it begins with none of ours.</summary>
    private static ImageTransport? TransportOf(string text)
    {
        foreach (ImageTransport transport in Enum.GetValues<ImageTransport>())
        {
            // "dir:1" is an image with a tag.
            if (
                text.StartsWith(Prefix(transport), StringComparison.Ordinal)
                && (transport != ImageTransport.Directory || text.Contains('/', StringComparison.Ordinal))
            )
            {
                return transport;
            }
        }

        return null;
    }

    private static ImageReference ParseLayout(string text, string rest, ImageTransport transport)
    {
        string what = transport == ImageTransport.OciLayout ? "oci:DIRECTORY[:TAG]" : "oci-archive:FILE[:TAG]";
        Oci.Digest? digest = null;
        int at = rest.LastIndexOf("@sha", StringComparison.Ordinal);
        if (at >= 0 && Oci.Digest.TryParse(rest[(at + 1)..], out Oci.Digest parsed))
        {
            digest = parsed;
            rest = rest[..at];
        }

        (string path, string? tag) = SplitPath(text, rest, what);
        return tag is not null && !LayoutTagPattern().IsMatch(tag)
            ? throw Malformed(text, $"'{Shown(tag)}' is no tag of a layout", $"write {what}")
            : new ImageReference
            {
                Transport = transport,
                FilePath = path,
                Tag = tag,
                Digest = digest,
            };
    }

    /// <summary>Such a directory has one image, without a name, so all of it is path, as for skopeo.</summary>
    private static ImageReference ParseDirectory(string text, string rest)
    {
        if (rest.Contains('\0', StringComparison.Ordinal))
        {
            throw Malformed(text, "it names no directory", "write dir:DIRECTORY");
        }

        string full = Path.GetFullPath(rest);
        return new ImageReference
        {
            Transport = ImageTransport.Directory,
            FilePath = full.Length > 1 ? full.TrimEnd('/') : full,
        };
    }

    private static ImageReference ParseDockerArchive(string text, string rest)
    {
        const string what = "docker-archive:FILE[:NAME:TAG]";
        (string path, string? name) = SplitPath(text, rest, what);
        if (name is null)
        {
            return new ImageReference { Transport = ImageTransport.DockerArchive, FilePath = path };
        }

        if (name.StartsWith('@'))
        {
            throw Malformed(text, "an image in an archive is told by its name, not by its place", $"write {what}");
        }

        ImageReference inside = Docker(text, name, mayBeShort: true);
        return inside.Digest is null
            ? inside with
            {
                Transport = ImageTransport.DockerArchive,
                FilePath = path,
            }
            : throw Malformed(text, "archives have no digests of manifests", $"write {what}");
    }

    private static ImageReference ParseBuiltin(string text, string rest) =>
        rest is PodName or RootfsName
            ? new ImageReference { Transport = ImageTransport.Builtin, Repository = rest }
            : throw Malformed(text, $"sysctr has no such image", $"there are {Pod} and {Rootfs}");

    private static ImageReference ParseDaemon(string text, string rest)
    {
        if (Oci.Digest.TryParse(rest, out Oci.Digest id))
        {
            return new ImageReference { Transport = ImageTransport.DockerDaemon, ImageId = id };
        }

        ImageReference inside = Docker(text, rest, mayBeShort: true);
        return inside.Digest is null
            ? inside with
            {
                Transport = ImageTransport.DockerDaemon,
            }
            : throw Malformed(
                text,
                "the daemon does not keep manifests as they were",
                "name it by its tag, or by its ID: docker-daemon:sha256:…"
            );
    }

    /// <summary>Path and the rest. skopeo ends the path at the first colon too; so a path with a colon can't be named
    /// in these transports.</summary>
    private static (string Path, string? Inside) SplitPath(string text, string rest, string what)
    {
        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        string path = colon < 0 ? rest : rest[..colon];
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            throw Malformed(
                text,
                $"it names no {(what.Contains("DIR", StringComparison.Ordinal) ? "directory" : "file")}",
                $"write {what}"
            );
        }

        string full = Path.GetFullPath(path);
        return (full.Length > 1 ? full.TrimEnd('/') : full, colon < 0 ? null : rest[(colon + 1)..]);
    }

    private static void RefuseOtherTransports(string text, bool explicitTransport)
    {
        if (explicitTransport)
        {
            return;
        }

        // "docker:20" is an image with a tag; "docker:" before a path or a second colon is a transport.
        (string prefix, string hint) = Array.Find(
            s_otherTransports,
            t => text.StartsWith(t.Prefix, StringComparison.Ordinal)
        );
        if (
            prefix is not null
            && (prefix.Contains('-', StringComparison.Ordinal) || text.AsSpan(prefix.Length).ContainsAny('/', ':'))
        )
        {
            throw Malformed(text, $"the transport '{prefix}' is not supported", hint);
        }

        if (
            text.StartsWith('/')
            || text.StartsWith("./", StringComparison.Ordinal)
            || text.StartsWith("../", StringComparison.Ordinal)
        )
        {
            throw Malformed(
                text,
                "it is a path",
                $"for an image layout write oci:{Shown(text)}, for an archive docker-archive: or oci-archive: before it"
            );
        }
    }

    // image-spec, annotations.md, "org.opencontainers.image.ref.name".
    [GeneratedRegex(
        @"\A[A-Za-z0-9]+(?:[-._:@+]|--)?(?:[A-Za-z0-9]|[-._:@+/])*\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex LayoutTagPattern();
}
