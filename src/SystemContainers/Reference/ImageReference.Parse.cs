using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Reference;

/// <summary>The grammar: distribution's <c>reference</c> for registries, containers-transports(5) for layouts.</summary>
sealed partial record ImageReference
{
    /// <summary>The registry that names without one mean to Docker.</summary>
    public const string DockerHub = "docker.io";

    private const string DockerPrefix = "docker://";
    private const string OciPrefix = "oci:";

    /// <summary>Registries and tools stop at this many characters for host and repository together.</summary>
    private const int MaxNameLength = 255;

    // Transports that other tools know; saying so is kinder than calling the name malformed.
    private static readonly string[] s_otherTransports =
    [
        "docker-archive:", "oci-archive:", "docker-daemon:", "containers-storage:", "dir:", "ostree:", "tarball:",
        "atomic:", "sif:", "http://", "https://", "dockertar:", "docker:",
    ];

    /// <summary>Parses a full reference. A name without a registry is allowed only after <c>docker://</c>, where it is docker.io's.</summary>
    /// <exception cref="SysctrException">Usage: it is malformed, or a short name.</exception>
    public static ImageReference Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.StartsWith(OciPrefix, StringComparison.Ordinal))
        {
            return ParseLayout(text, text[OciPrefix.Length..]);
        }

        bool explicitTransport = text.StartsWith(DockerPrefix, StringComparison.Ordinal);
        RefuseOtherTransports(text, explicitTransport);
        (string name, string? tag, Digest? digest) = Split(text, explicitTransport ? text[DockerPrefix.Length..] : text);
        if (!HasRegistry(name))
        {
            if (!explicitTransport)
            {
                throw Malformed(
                    text, "it names no registry", $"write the full name, such as docker.io/library/{name}");
            }

            name = $"{DockerHub}/{name}";
        }

        return Docker(text, name, tag, digest);
    }

    /// <summary>Whether a user's text is a short name, one that needs registries.conf to become a reference.</summary>
    /// <param name="text">What the user typed.</param>
    /// <param name="name">The name alone, as it stands in alias tables.</param>
    /// <param name="suffix">The tag and digest, with their <c>:</c> and <c>@</c>; to be appended to whatever the name becomes.</param>
    /// <exception cref="SysctrException">Usage: it is malformed.</exception>
    public static bool IsShortName(
        string text, [NotNullWhen(true)] out string? name, [NotNullWhen(true)] out string? suffix)
    {
        ArgumentNullException.ThrowIfNull(text);
        (name, suffix) = (null, null);
        if (text.StartsWith(OciPrefix, StringComparison.Ordinal) || text.StartsWith(DockerPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        RefuseOtherTransports(text, explicitTransport: false);
        (string parsed, _, _) = Split(text, text);
        if (HasRegistry(parsed))
        {
            return false;
        }

        CheckRepository(text, parsed);
        (name, suffix) = (parsed, text[parsed.Length..]);
        return true;
    }

    private static ImageReference Docker(string text, string name, string? tag, Digest? digest)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string registry = name[..slash];
        string repository = name[(slash + 1)..];
        if (!RegistryPattern().IsMatch(registry))
        {
            throw Malformed(text, $"'{registry}' is no registry's host[:port]", "write host[:port]/repository[:tag]");
        }

        CheckRepository(text, repository);
        if (registry is DockerHub or "index.docker.io" or "registry-1.docker.io")
        {
            registry = DockerHub;
            repository = repository.Contains('/', StringComparison.Ordinal) ? repository : "library/" + repository;
        }

        if (registry.Length + 1 + repository.Length > MaxNameLength)
        {
            throw Malformed(text, $"the name is longer than {MaxNameLength} characters", hint: null);
        }

        return new ImageReference
        {
            Transport = ImageTransport.Docker,
            Registry = registry,
            Repository = repository,
            Tag = tag is null && digest is null ? "latest" : tag,
            Digest = digest,
        };
    }

    private static ImageReference ParseLayout(string text, string rest)
    {
        // skopeo ends the directory at the first colon too; so a path with a colon can't be named in this transport.
        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        Digest? digest = null;
        int at = rest.LastIndexOf("@sha", StringComparison.Ordinal);
        if (at >= 0 && Oci.Digest.TryParse(rest[(at + 1)..], out Digest parsed))
        {
            digest = parsed;
            rest = rest[..at];
            colon = colon < at ? colon : -1;
        }

        string path = colon < 0 ? rest : rest[..colon];
        string? tag = colon < 0 ? null : rest[(colon + 1)..];
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            throw Malformed(text, "it names no directory", "write oci:DIRECTORY[:TAG]");
        }

        if (tag is not null && !LayoutTagPattern().IsMatch(tag))
        {
            throw Malformed(text, $"'{Shown(tag)}' is no tag of a layout", "write oci:DIRECTORY[:TAG]");
        }

        string full = Path.GetFullPath(path);
        return new ImageReference
        {
            Transport = ImageTransport.OciLayout,
            LayoutPath = full.Length > 1 ? full.TrimEnd('/') : full,
            Tag = tag,
            Digest = digest,
        };
    }

    private static (string Name, string? Tag, Digest? Digest) Split(string text, string rest)
    {
        Digest? digest = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (!Oci.Digest.TryParse(rest[(at + 1)..], out Digest parsed))
            {
                throw Malformed(
                    text, $"'{Shown(rest[(at + 1)..])}' is no digest", "a digest is sha256: and 64 lower-case hexadecimal digits");
            }

            digest = parsed;
            rest = rest[..at];
        }

        // A colon after the last slash starts the tag; one before it, the port.
        string? tag = null;
        int colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!TagPattern().IsMatch(tag))
            {
                throw Malformed(
                    text, $"'{Shown(tag)}' is no tag", "a tag is up to 128 letters, digits, '_', '.' and '-', and starts with none of the last two");
            }
        }

        return rest.Length == 0 ? throw Malformed(text, "it is empty", hint: null) : (rest, tag, digest);
    }

    /// <summary>Docker's rule: the part before the first slash is a host where it can't be a directory of docker.io.</summary>
    private static bool HasRegistry(string name)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return false;
        }

        ReadOnlySpan<char> first = name.AsSpan(0, slash);
        return first.ContainsAny('.', ':') || first is "localhost" || first.ContainsAnyInRange('A', 'Z');
    }

    private static void CheckRepository(string text, string repository)
    {
        if (RepositoryPattern().IsMatch(repository))
        {
            return;
        }

        string why = repository.AsSpan().ContainsAnyInRange('A', 'Z')
            ? "a repository's name is in lower case"
            : $"'{Shown(repository)}' is no repository's name";
        throw Malformed(
            text, why, "a repository is lower-case words of letters and digits, joined by '/', '.', '_', '__' or '-'");
    }

    private static void RefuseOtherTransports(string text, bool explicitTransport)
    {
        string? other = explicitTransport
            ? null
            : Array.Find(s_otherTransports, t => text.StartsWith(t, StringComparison.Ordinal));

        // "docker:20" and "dir:1" are an image with a tag; "docker:" before a path is a transport.
        if (other is not null && (other.Contains('-', StringComparison.Ordinal) || text.AsSpan(other.Length).Contains('/')))
        {
            throw Malformed(text, $"the transport '{other}' is not supported", "use docker://HOST/REPOSITORY[:TAG] or oci:DIRECTORY[:TAG]");
        }

        if (text.StartsWith('/') || text.StartsWith("./", StringComparison.Ordinal) || text.StartsWith("../", StringComparison.Ordinal))
        {
            throw Malformed(text, "it is a path", $"for an image layout write oci:{Shown(text)}");
        }
    }

    private static SysctrException Malformed(string text, string why, string? hint) =>
        new(ErrorKind.Usage, $"reading the image name '{Shown(text)}': {why}", hint);

    // What the user typed may hold anything; a terminal shall not act on it.
    private static string Shown(string text)
    {
        string head = text.Length > 80 ? text[..80] + "…" : text;
        return string.Concat(head.Select(c => char.IsControl(c) ? '?' : c));
    }

    [GeneratedRegex(
        @"\A(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex RegistryPattern();

    [GeneratedRegex(
        @"\A[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex RepositoryPattern();

    [GeneratedRegex(
        @"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex TagPattern();

    // image-spec, annotations.md, "org.opencontainers.image.ref.name".
    [GeneratedRegex(
        @"\A[A-Za-z0-9]+(?:[-._:@+]|--)?(?:[A-Za-z0-9]|[-._:@+/])*\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex LayoutTagPattern();
}
