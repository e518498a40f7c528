// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Reference;

/// <summary>The grammar: distribution's <c>reference</c> for registries, containers-transports(5) for the
/// transports.</summary>
sealed partial record ImageReference
{
    /// <summary>The registry that names without one mean to Docker.</summary>
    public const string DockerHub = "docker.io";

    /// <summary>Registries and tools stop at this many characters for host and repository together.</summary>
    private const int MaxNameLength = 255;

    private static readonly string[] s_archiveSuffixes = [".tar", ".tar.gz", ".tgz", ".tar.zst"];

    /// <summary>Parses a full reference. A name without a registry is allowed only after <c>docker://</c>, where it is
    /// docker.io's.</summary>
    /// <exception cref="SysctrException">Usage: it is malformed, or a short name.</exception>
    public static ImageReference Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ImageTransport? transport = TransportOf(text);
        string rest = transport is { } known ? text[Prefix(known).Length..] : text;
        switch (transport)
        {
            case ImageTransport.OciLayout or ImageTransport.OciArchive:
                return ParseLayout(text, rest, transport.Value);
            case ImageTransport.DockerArchive:
                return ParseDockerArchive(text, rest);
            case ImageTransport.DockerDaemon:
                return ParseDaemon(text, rest);
            case ImageTransport.Directory:
                return ParseDirectory(text, rest);
            case ImageTransport.Builtin:
                return ParseBuiltin(text, rest);
        }

        RefuseOtherTransports(text, transport is not null);
        return Docker(text, rest, mayBeShort: transport is not null);
    }

    /// <summary>Whether a user's text is a short name, one that needs registries.conf to become a reference.</summary>
    /// <param name="text">What the user typed.</param>
    /// <param name="name">The name alone, as it stands in alias tables.</param>
    /// <param name="suffix">The tag and digest, with their <c>:</c> and <c>@</c>; to be appended to whatever the name
    /// becomes.</param>
    /// <exception cref="SysctrException">Usage: it is malformed.</exception>
    public static bool IsShortName(
        string text,
        [NotNullWhen(true)] out string? name,
        [NotNullWhen(true)] out string? suffix
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        (name, suffix) = (null, null);
        if (TransportOf(text) is not null)
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

    /// <param name="text">All that was typed, for messages.</param>
    /// <param name="rest">Of it, the image's name.</param>
    /// <param name="mayBeShort">Whether a name without a registry is one of docker.io.</param>
    private static ImageReference Docker(string text, string rest, bool mayBeShort)
    {
        (string name, string? tag, Digest? digest) = Split(text, rest);
        if (!HasRegistry(name))
        {
            name = mayBeShort
                ? $"{DockerHub}/{name}"
                : throw Malformed(
                    text,
                    "it names no registry",
                    $"write the full name, such as docker.io/library/{name}"
                );
        }

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

    private static (string Name, string? Tag, Digest? Digest) Split(string text, string rest)
    {
        Digest? digest = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (!Oci.Digest.TryParse(rest[(at + 1)..], out Digest parsed))
            {
                throw Malformed(
                    text,
                    $"'{Shown(rest[(at + 1)..])}' is no digest",
                    "a digest is sha256: and 64 lower-case hexadecimal digits"
                );
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
                    text,
                    $"'{Shown(tag)}' is no tag",
                    "a tag is up to 128 letters, digits, '_', '.' and '-', and starts with none of the last two"
                );
            }
        }

        return rest.Length == 0 ? throw Malformed(text, "it is empty", hint: null) : (rest, tag, digest);
    }

    /// <summary>Whether the first part of a name is a host for every reader of it.</summary>
    public static bool IsHost(string first) => HasRegistry(first + "/");

    /// <summary>Checks the grammar of <c>host[:port][/path]</c> as registries.conf has them; the host needs no dot
    /// there.</summary>
    /// <exception cref="SysctrException">Usage: it is malformed.</exception>
    public static void CheckPlace(string place)
    {
        int slash = place.IndexOf('/', StringComparison.Ordinal);
        string host = slash < 0 ? place : place[..slash];
        if (!RegistryPattern().IsMatch(host))
        {
            throw Malformed(place, $"'{Shown(host)}' is no registry's host[:port]", "write host[:port][/path]");
        }

        if (slash >= 0)
        {
            // A prefix may name one image, with its tag or digest.
            (string name, _, _) = Split(place, place);
            CheckRepository(place, name[(slash + 1)..]);
        }
    }

    /// <summary>Docker's rule: the part before the first slash is a host where it can't be a directory of
    /// docker.io.</summary>
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
            text,
            why,
            "a repository is lower-case words of letters and digits, joined by '/', '.', '_', '__' or '-'"
        );
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
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex RegistryPattern();

    [GeneratedRegex(
        @"\A[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex RepositoryPattern();

    [GeneratedRegex(
        @"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex TagPattern();
}
