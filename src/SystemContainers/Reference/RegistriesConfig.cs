// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Reference;

/// <summary>
/// The host's configuration of registries, containers-registries.conf(5) version 2: which registries a short name is
/// looked up in, and for each image where to fetch it from, whether unverified or plain connections are allowed, and
/// what is blocked.
/// </summary>
/// <remarks>
/// Nothing is assumed where nothing is configured: as in podman a short name without an alias and without
/// <c>unqualified-search-registries</c> is an error, never docker.io by surprise.
/// </remarks>
sealed partial class RegistriesConfig
{
    private readonly Dictionary<string, string> _aliases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RegistryToml> _registries = new(StringComparer.Ordinal);
    private static readonly string[] s_files = ["containers-auth.json"];

    private readonly List<string> _notes = [];
    private readonly string _mainPath;
    private List<string> _searchRegistries = [];
    private string _shortNameMode = "";

    private RegistriesConfig(string mainPath) => _mainPath = mainPath;

    /// <summary>Where credentials come from, in order; <c>containers-auth.json</c> stands for the files.</summary>
    public IReadOnlyList<string> CredentialHelpers { get; private set; } = s_files;

    /// <summary>Where short names are looked up, in order.</summary>
    public IReadOnlyList<string> SearchRegistries => _searchRegistries;

    /// <summary>What the files say without effect, a line each: keys that nobody knows, and tables that come
    /// second.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>What the user typed, as full references to be tried in order; one, unless a short name has several
    /// registries.</summary>
    /// <exception cref="SysctrException">Usage: it is malformed, or a short name that nothing resolves. Policy: it
    /// leads to a host without a dot.</exception>
    public IReadOnlyList<ImageReference> Resolve(string typed)
    {
        if (!ImageReference.IsShortName(typed, out string? name, out string? suffix))
        {
            return [ImageReference.Parse(typed)];
        }

        if (_aliases.TryGetValue(name, out string? full))
        {
            return [ImageReference.Parse(full + suffix)];
        }

        if (_searchRegistries.Count == 0)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"resolving the short name '{name}': it is no alias, and {_mainPath} has no unqualified-search-registries",
                $"write the full name, such as docker.io/{(name.Contains('/', StringComparison.Ordinal) ? "" : "library/")}{name}, "
                    + $"or add the line unqualified-search-registries = [\"docker.io\"] to {_mainPath}"
            );
        }

        ImageReference[] candidates = [.. _searchRegistries.Select(r => Located(r, $"/{name}{suffix}"))];
        return candidates.Length > 1 && _shortNameMode == "enforcing"
            ? throw new SysctrException(
                ErrorKind.Usage,
                $"resolving the short name '{name}': short-name-mode is enforcing, and several registries could be meant",
                "write the full name, one of " + string.Join(", ", candidates.Select(c => c.Identity))
            )
            : candidates;
    }

    /// <summary>What is configured for an image; the table with the longest matching prefix decides.</summary>
    /// <exception cref="SysctrException">Policy: it is to be fetched from a host without a dot.</exception>
    public RegistrySettings For(ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (reference.Transport != ImageTransport.Docker)
        {
            return new RegistrySettings(Blocked: false, []);
        }

        (RegistryToml? best, int bestLength) = Best(reference, withPort: false);
        if (Best(reference, withPort: true).Table is { Blocked: true })
        {
            return new RegistrySettings(Blocked: true, []);
        }

        if (best is null)
        {
            return new RegistrySettings(
                Blocked: false,
                [new RegistryEndpoint(reference, Insecure: false, IsMirror: false)]
            );
        }

        IEnumerable<RegistryEndpoint> mirrors =
            from mirror in best.Mirror ?? []
            where Serves(best, mirror, reference)
            select new RegistryEndpoint(
                Rewrite(reference, bestLength, mirror.Location),
                mirror.Insecure,
                IsMirror: true
            );
        RegistryEndpoint primary = new(Rewrite(reference, bestLength, best.Location), best.Insecure, IsMirror: false);

        // As in podman: a place that is blocked by its own name is asked for nothing, whatever name leads there.
        RegistryEndpoint[] open =
        [
            .. mirrors
                .Append(primary)
                .Where(e =>
                    e.Reference == reference || Best(e.Reference, withPort: true).Table is not { Blocked: true }
                ),
        ];
        return new RegistrySettings(best.Blocked || open.Length == 0, open);
    }

    /// <summary>The table with the longest matching prefix, as it is written; of two that are as long the first, as in
    /// podman.</summary>
    /// <param name="withPort">
    /// Whether a host stands for itself with any port. In podman it does, by mistake ("don't rely on it"): what is
    /// blocked there is blocked here, but mirrors and unverified connections are for the server that was named.
    /// </param>
    private (RegistryToml? Table, int Length) Best(ImageReference reference, bool withPort) =>
        _registries
            .Values.Select(r => (Table: (RegistryToml?)r, Length: MatchLength(reference, r.Prefix!, withPort)))
            .Where(m => m.Length > 0)
            .OrderByDescending(m => m.Table!.Prefix!.Length)
            .ThenBy(m => m.Table!.Prefix, StringComparer.Ordinal)
            .FirstOrDefault();

    /// <summary>How many characters of the reference's identity a prefix covers; 0 where it does not match.</summary>
    private static int MatchLength(ImageReference reference, string prefix, bool withPort)
    {
        if (prefix.StartsWith("*.", StringComparison.Ordinal))
        {
            int port = reference.Registry.LastIndexOf(':');
            string host =
                port < 0 || reference.Registry.EndsWith(']') ? reference.Registry : reference.Registry[..port];
            return host.EndsWith(prefix[1..], StringComparison.Ordinal) ? host.Length : 0;
        }

        string identity = reference.Identity;
        if (!identity.StartsWith(prefix, StringComparison.Ordinal))
        {
            return 0;
        }

        // A host is not a prefix of the same host with a port: what holds for one server need not hold for the other.
        bool hostOnly = !prefix.Contains('/', StringComparison.Ordinal);
        bool whole =
            identity.Length == prefix.Length
            || identity[prefix.Length] == '/'
            || ((!hostOnly || withPort) && identity[prefix.Length] is ':' or '@');
        return whole ? prefix.Length : 0;
    }

    private static bool Serves(RegistryToml registry, MirrorToml mirror, ImageReference reference) =>
        (registry.MirrorByDigestOnly ? "digest-only" : mirror.PullFromMirror) switch
        {
            "digest-only" => reference.Digest is not null,
            "tag-only" => reference.Digest is null,
            _ => true,
        };

    private static ImageReference Rewrite(ImageReference reference, int length, string? location) =>
        string.IsNullOrEmpty(location) || reference.Identity[..length] == location
            ? reference
            : Located(location, reference.Identity[length..]);

    /// <summary>
    /// A place of registries.conf with the rest of a name. The file may name a host without a dot, as podman takes it;
    /// but no reference can, for there the same word is a directory of docker.io, and must not become one by surprise.
    /// </summary>
    private static ImageReference Located(string place, string rest)
    {
        string host = place.Split('/')[0];
        return ImageReference.IsHost(host)
            ? ImageReference.Parse(place + rest)
            : throw new SysctrException(
                ErrorKind.Policy,
                $"looking for {place}{rest}: registries.conf names the host '{host}' without a dot, which in the name of an image is a directory of docker.io",
                $"write {host}:443{place[host.Length..]} there, or the host's full name"
            );
    }
}
