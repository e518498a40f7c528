// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Reference;
using SystemContainers.Templates;

namespace SystemContainers.Rights;

/// <summary>
/// The <c>[[rights]]</c> tables of sysctr.toml(5). The one with the longest prefix that an image's reference has
/// decides; none of its words is passed over in silence.
/// </summary>
sealed class RightsPolicy
{
    private const string Registry = "docker://";

    private static readonly (string Prefix, ImageTransport Transport)[] s_transports =
    [
        (Registry, ImageTransport.Docker),
        ("oci:", ImageTransport.OciLayout),
        ("oci-archive:", ImageTransport.OciArchive),
        ("docker-archive:", ImageTransport.DockerArchive),
        ("docker-daemon:", ImageTransport.DockerDaemon),
    ];

    private readonly IReadOnlyList<RightsRule> _rules;

    private RightsPolicy(IReadOnlyList<RightsRule> rules) => _rules = rules;

    /// <summary>That of a host without tables.</summary>
    public static RightsPolicy None { get; } = new([]);

    /// <summary>Checks the tables of a file.</summary>
    /// <exception cref="SysctrException">Usage: a key, class or prefix that means nothing.</exception>
    public static RightsPolicy Of(string file, IReadOnlyList<RightsRule>? rules)
    {
        HashSet<string> prefixes = new(StringComparer.Ordinal);
        foreach (RightsRule rule in rules ?? [])
        {
            if (rule.Unknown.Keys.FirstOrDefault() is { } unknown)
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading {file}: unknown setting '{unknown}' in [[rights]]",
                    "known settings: prefix, allow, forbid"
                );
            }

            if (rule.Prefix is not { } prefix)
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading {file}: a [[rights]] table has no prefix",
                    "prefix = \"\" is for all images"
                );
            }

            CheckPrefix(file, prefix);
            if (!prefixes.Add(prefix))
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"reading {file}: two [[rights]] tables have the prefix \"{prefix}\""
                );
            }

            foreach (
                string name in (rule.Allow ?? [])
                    .Except([RightsRule.Default], StringComparer.Ordinal)
                    .Concat(rule.Forbid ?? [])
            )
            {
                CheckClass($"reading {file}: [[rights]] of \"{prefix}\"", name);
            }
        }

        return new RightsPolicy(rules ?? []);
    }

    /// <summary>Throws unless it is a class, or "all".</summary>
    public static void CheckClass(string place, string name)
    {
        if (name != RightsRule.All && RightClasses.Find(name) is null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{place}: '{name}' is no class of rights",
                $"known classes: {string.Join(", ", RightClasses.All.Select(c => c.Name))}; or all"
            );
        }
    }

    /// <summary>The table for an image; null for none.</summary>
    /// <param name="image">As a full reference.</param>
    public RightsRule? For(string image)
    {
        ImageReference reference = ImageReference.Parse(image);
        return _rules.Where(r => Match(r.Prefix!, reference) >= 0).MaxBy(r => Match(r.Prefix!, reference));
    }

    /// <summary>Whether two references are of one repository, so that whoever was trusted with the one is who makes the
    /// other.</summary>
    public static bool IsSameSource(string one, string other) =>
        one == other
        || (
            ImageReference.Parse(one) is var a
            && ImageReference.Parse(other) is var b
            && a.Transport == b.Transport
            && a.Name == b.Name
        );

    private static void CheckPrefix(string file, string prefix)
    {
        (string transport, _, string rest) = Parts(prefix);
        bool isFile = transport is "oci:" or "oci-archive:" or "docker-archive:";
        string? wrong =
            prefix.Any(c => char.IsControl(c) || c == ' ') ? "it has a blank or control character"
            : isFile && rest.Length > 0 && !rest.StartsWith('/') ? "a file or directory is an absolute path"
            : rest.Length > 1 && rest.EndsWith('/') ? "it ends in '/'"
            : !isFile && rest.StartsWith('/') ? "it begins with '/': write the transport, such as oci:/srv/images"
            : !isFile
            && rest.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star
            && (star > 0 || rest.Length < 3 || rest[1] != '.' || rest.LastIndexOf('*') > 0)
                ? "'*' stands only for the first parts of a host's name, as in *.example.com"
            : !isFile && rest.Contains("://", StringComparison.Ordinal) ? "no such transport"
            : null;
        if (wrong is not null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading {file}: the prefix \"{prefix}\" of [[rights]] can match no image: {wrong}",
                "see sysctr.toml(5)"
            );
        }
    }

    /// <summary>How close a prefix fits, the longer the closer; -1 where it does not.</summary>
    private static int Match(string prefix, ImageReference reference)
    {
        if (prefix.Length == 0)
        {
            return 0;
        }

        (string transport, ImageTransport kind, string rest) = Parts(prefix);
        if (kind != reference.Transport)
        {
            return -1;
        }

        bool fits =
            rest.Length == 0 || (reference.FilePath.Length > 0 ? FitsFile(rest, reference) : FitsName(rest, reference));
        // Of a host's own name and a pattern of the same length the name is closer.
        return fits ? 1 + (2 * (transport.Length + rest.Length)) + (rest.StartsWith('*') ? 0 : 1) : -1;
    }

    private static bool FitsFile(string path, ImageReference reference)
    {
        string wanted = HostPath.Absolute(path);
        return new[] { HostPath.Absolute(reference.FilePath), RealPath.Of(reference.FilePath) }.Any(p =>
            new[] { wanted, RealPath.Of(wanted) }.Any(w => p == w || HostPath.IsBelow(p, w))
        );
    }

    private static bool FitsName(string prefix, ImageReference reference)
    {
        string identity = reference.Identity;
        if (prefix.StartsWith("*.", StringComparison.Ordinal))
        {
            int slash = prefix.IndexOf('/', StringComparison.Ordinal);
            string host = slash < 0 ? prefix : prefix[..slash];
            bool hasPort = host.Contains(':', StringComparison.Ordinal);
            int port = reference.Registry.EndsWith(']') ? -1 : reference.Registry.LastIndexOf(':');
            string registry = hasPort || port < 0 ? reference.Registry : reference.Registry[..port];
            return registry.EndsWith(host[1..], StringComparison.OrdinalIgnoreCase)
                && registry.Length > host.Length - 1
                && (slash < 0 || IsPrefix(reference.Registry + prefix[slash..], identity));
        }

        return IsPrefix(prefix, identity);
    }

    /// <summary>Whether the prefix ends where a part of the name does; a host is no prefix of the same host with a
    /// port.</summary>
    private static bool IsPrefix(string prefix, string identity)
    {
        int host = prefix.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? slash : prefix.Length;
        return identity.Length >= prefix.Length
            && identity.AsSpan(0, host).Equals(prefix.AsSpan(0, host), StringComparison.OrdinalIgnoreCase)
            && identity[host..].StartsWith(prefix[host..], StringComparison.Ordinal)
            && (
                identity.Length == prefix.Length
                || identity[prefix.Length] == '/'
                || (host < prefix.Length && identity[prefix.Length] is ':' or '@')
            );
    }

    private static (string Transport, ImageTransport Kind, string Name) Parts(string prefix)
    {
        foreach ((string transport, ImageTransport kind) in s_transports)
        {
            if (prefix.StartsWith(transport, StringComparison.Ordinal))
            {
                return (transport, kind, prefix[transport.Length..]);
            }
        }

        return (Registry, ImageTransport.Docker, prefix);
    }
}
