// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using SystemContainers.Errors;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Auth;

/// <summary>A name under which credentials are kept: a registry, or a namespace or repository in it
/// (containers-auth.json(5)).</summary>
/// <param name="Text"><c>HOST[:PORT][/PATH]</c>.</param>
sealed record AuthKey(string Text)
{
    // The name under which docker login keeps what belongs to docker.io.
    private const string DockerHubUrl = "https://index.docker.io/v1/";

    /// <summary>The registry alone.</summary>
    public string Registry => Text.Split('/')[0];

    /// <summary>Whether it is for a part of the registry only, which no helper knows.</summary>
    public bool IsNamespace => Text.Contains('/', StringComparison.Ordinal);

    /// <summary>Reads what a user names to log in to. Of a URL its host counts, as in podman.</summary>
    /// <exception cref="SysctrException">Usage: it is no registry, nor a part of one.</exception>
    public static AuthKey Parse(string typed)
    {
        string text = typed.TrimEnd('/');
        if (
            text.StartsWith("https://", StringComparison.Ordinal)
            || text.StartsWith("http://", StringComparison.Ordinal)
        )
        {
            text = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('/')[0];
        }

        string registry = text.Split('/')[0];
        if (!ImageReference.IsHost(registry))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading the registry '{Redact.Text(typed)}': it is no host",
                $"write HOST[:PORT][/NAMESPACE]; for a host without a dot {(registry.Length > 0 ? Redact.Text(registry) : "HOST")}:443"
            );
        }

        // Checks the grammar; docker.io's names are kept without the library/ that an image of it would get.
        ImageReference.CheckPlace(text);
        int path = text.IndexOf('/', StringComparison.Ordinal);
        if (path >= 0 && text.AsSpan(path).ContainsAny(':', '@'))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading the registry '{Redact.Text(typed)}': it has a tag or a digest",
                "credentials are for a registry, a namespace or a repository"
            );
        }

        return new AuthKey(
            registry is "index.docker.io" or "registry-1.docker.io"
                ? ImageReference.DockerHub + text[registry.Length..]
                : text
        );
    }

    /// <summary>Of Docker Hub: what docker login makes of it, and what podman login leaves of it. Helpers keep it under
    /// either.</summary>
    public static IReadOnlyList<string> InHelpers(string registry) =>
        registry == ImageReference.DockerHub ? [DockerHubUrl, registry] : [registry];

    /// <summary>The host that a key of an old <c>docker login</c> means: they were URLs with a path of the API's
    /// version.</summary>
    /// <param name="key">As it stands in a file.</param>
    /// <param name="isOld">Whether that is Docker's oldest, whose keys are all hosts.</param>
    public static string LegacyHost(string key, bool isOld)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? key : key[(scheme + 3)..];

        // Without a scheme a path is a namespace, and its secret is not the whole host's.
        string host = scheme >= 0 || isOld ? rest.Split('/')[0] : rest;
        return host is "index.docker.io" or "registry-1.docker.io" ? ImageReference.DockerHub : host;
    }

    /// <summary>Whether a key of a file is another way to write this one.</summary>
    public bool IsWrittenAs([NotNullWhen(true)] string? key) =>
        key is not null
        && (
            key == Text
            || (
                !IsNamespace
                && key.Contains("://", StringComparison.Ordinal)
                && LegacyHost(key, isOld: false) == Registry
            )
            || (Text == ImageReference.DockerHub && LegacyHost(key, isOld: false) == Text)
        );
}
