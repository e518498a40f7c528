// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Pull.Trust.Names;

namespace SystemContainers.Pull.Trust;

/// <summary>
/// Scopes that can hold no image. A rule for one has no effect, and what it was to forbid is allowed: so the file is
/// refused. As containers/image does (each transport's ValidatePolicyConfigurationScope), and further for names of
/// registries, where containers/image says that it only confuses.
/// </summary>
static partial class PolicyScopes
{
    /// <summary>Why a scope can hold no image; null where it can.</summary>
    /// <param name="transport">As containers-transports(5) names it. What is there is not checked for transports that
    /// nobody knows.</param>
    /// <param name="scope">The key; the empty one is all of the transport.</param>
    public static string? Fault(string transport, string scope) =>
        scope.Length == 0
            ? null
            : transport switch
            {
                "docker" => OfName(scope),
                "docker-daemon" => DockerName.IsDigest(scope)
                    ? "an image's ID is no name; only \"\" holds it"
                    : OfName(scope),
                "docker-archive" or "tarball" => "this transport has no scope but \"\"",
                "oci" or "oci-archive" or "dir" or "sif" => OfPath(scope),
                "containers-storage" => OfStorage(scope),
                "atomic" => StreamScope().IsMatch(scope)
                    ? OfName(scope)
                    : "an image of OpenShift is HOST[:PORT]/NAMESPACE/STREAM:TAG",
                _ => null,
            };

    // filepath.Clean: no empty part, no ".", no "..", no slash at the end.
    private static string? OfPath(string scope) =>
        scope[0] != '/' ? "it is no absolute path"
        : scope == "/" ? "write \"\" for all of the transport"
        : scope[1..].Split('/').Any(part => part is "" or "." or "..") ? "the path is not written in its shortest form"
        : null;

    // [driver@/root], then a name, with its digest, the image's ID, or both.
    private static string? OfStorage(string scope)
    {
        int end = scope.IndexOf(']', StringComparison.Ordinal);
        if (scope[0] != '[' || end < 2)
        {
            return "it does not begin with the [place] of a store";
        }

        string place = scope[1..end];
        int at = place.IndexOf('@', StringComparison.Ordinal);
        if (at == 0 || at == place.Length - 1 || place[at + 1] != '/')
        {
            return "the place of the store is no absolute path";
        }

        string[] parts = scope[(end + 1)..].Split('@', 3);
        bool whole = parts.Length switch
        {
            1 => true,
            2 => DockerName.IsDigest(parts[1]) || IsImageId(parts[1]),
            _ => DockerName.IsDigest(parts[1]) && IsImageId(parts[2]),
        };
        return whole ? null : "what stands behind the @ is neither a digest nor an image's ID";
    }

    private static bool IsImageId(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>What containers/image compares with: <c>host[:port][/path][:tag][@digest]</c>, or <c>*.domain</c> for
    /// what is below it.</summary>
    private static string? OfName(string scope)
    {
        if (scope.StartsWith("*.", StringComparison.Ordinal))
        {
            string domain = scope[2..];
            return
                domain.Length > 0
                && domain
                    .Split('.')
                    .All(label => label.Length > 0 && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
                ? null
                : "a wildcard is *.DOMAIN, without a port or a path";
        }

        string host = scope.Split('/')[0];
        return scope.Contains('*', StringComparison.Ordinal) ? "a wildcard is *.DOMAIN, at the beginning only"
            : scope.Contains("://", StringComparison.Ordinal) ? "a registry is HOST[:PORT], without a scheme"
            : scope.Split('/').Any(part => part.Length == 0) ? "it has an empty part"
            : scope.Any(c => !char.IsAsciiLetterOrDigit(c) && !"-._:@/[]+".Contains(c, StringComparison.Ordinal))
                ? "it has a character that no name has"
            : host is "index.docker.io" ? "images of Docker Hub are docker.io/..."
            : !host.Contains('.', StringComparison.Ordinal)
            && !host.Contains(':', StringComparison.Ordinal)
            && host != "localhost"
            && !host.Any(char.IsAsciiLetterUpper)
                ? "a short name is not what images are compared by; write docker.io/library/NAME"
            : null;
    }

    [GeneratedRegex(
        @"\A[^/]*(?:/[^:/]*(?:/[^:/]*(?::[^:/]*)?)?)?\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex StreamScope();
}
