// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using Tomlyn;
using Tomlyn.Parsing;

namespace SystemContainers.Reference;

/// <summary>Reading and merging the files.</summary>
sealed partial class RegistriesConfig
{
    /// <summary>No host's file is near this; it keeps a mistaken path from being read as a whole.</summary>
    private const int MaxFileBytes = 4 << 20;

    /// <summary>Reads the files given. Later ones override: a whole <c>[[registry]]</c> of the same prefix, one alias,
    /// a setting.</summary>
    /// <exception cref="SysctrException">Policy: a file can't be read or understood (what it forbids would be lost, so
    /// nothing is pulled).</exception>
    public static RegistriesConfig Load(RegistriesConfPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        RegistriesConfig config = new(paths.Main);
        config.Merge(paths.Main, paths.MainIsRequired);
        foreach (string dropIn in DropIns(paths))
        {
            config.Merge(dropIn, required: true);
        }

        if (paths.Last is { } last)
        {
            config.Merge(last, required: true);
        }

        if (paths.ShortNameCache is { } cache && config.Parse(cache, required: false) is { } recorded)
        {
            config.MergeAliases(cache, recorded);
        }

        return config;
    }

    private static IReadOnlyList<string> DropIns(RegistriesConfPaths paths)
    {
        try
        {
            return paths.DropInFiles();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(string.Join(", ", paths.Directories.Where(Directory.Exists)), e.Message, e);
        }
    }

    private RegistriesToml? Parse(string path, bool required)
    {
        if (Read(path, required) is not { } text)
        {
            return null;
        }

        try
        {
            // Whole as TOML first: the reader below does not look at the keys that it passes over.
            _ = SyntaxParser.ParseStrict(text, path, validate: true);
            return TomlSerializer.Deserialize(text, RegistriesTomlContext.Default.RegistriesToml);
        }
        catch (Exception e) when (e is TomlException or InvalidOperationException or FormatException)
        {
            throw Unreadable(path, TomlFault.Of(e), e);
        }
    }

    private void Merge(string path, bool required)
    {
        if (Parse(path, required) is not { } file)
        {
            return;
        }

        if (file.Version1 is not null)
        {
            throw Unreadable(
                path,
                "it has the old format, version 1, with [registries.search] and its like",
                inner: null
            );
        }

        _searchRegistries = file.SearchRegistries?.ConvertAll(r => SearchRegistry(path, r)) ?? _searchRegistries;

        // An empty list says the default again.
        CredentialHelpers = file.CredentialHelpers switch
        {
            null => CredentialHelpers,
            [] => s_files,
            { } helpers => helpers,
        };
        if (file.ShortNameMode is { Length: > 0 } mode)
        {
            _shortNameMode = mode is "enforcing" or "permissive" or "disabled"
                ? mode
                : throw Unreadable(
                    path,
                    $"short-name-mode is '{mode}', not enforcing, permissive or disabled",
                    inner: null
                );
        }

        MergeAliases(path, file);
        MergeRegistries(path, file);
        Check(path, file);
        NoteWithoutEffect(path, file);
    }

    private void MergeAliases(string path, RegistriesToml file)
    {
        foreach ((string name, string full) in file.Aliases ?? [])
        {
            if (AliasFault(name, full) is { } fault)
            {
                throw Unreadable(
                    path,
                    $"the alias '{Redact.Text(name)}' is '{Redact.Text(full)}': {fault}",
                    inner: null
                );
            }

            if (full.Length == 0)
            {
                _aliases.Remove(name);
            }
            else
            {
                _aliases[name] = full;
            }
        }
    }

    /// <summary>Why an alias is none; null where it is one. podman refuses the file for the same reasons.</summary>
    private static string? AliasFault(string name, string full)
    {
        try
        {
            if (!ImageReference.IsShortName(name, out _, out string? suffix))
            {
                return "its name has a registry";
            }

            if (suffix.Length > 0)
            {
                return "its name has a tag or digest";
            }

            if (full.Length == 0)
            {
                return null;
            }

            string host = full.Split('/')[0];
            if (host == full || !(host.AsSpan().ContainsAny('.', ':') || host == "localhost"))
            {
                return "it has to be HOST/REPOSITORY";
            }

            ImageReference.CheckPlace(full);
            return full.Contains('@', StringComparison.Ordinal) || full.LastIndexOf(':') > full.LastIndexOf('/')
                ? "it has a tag or digest, which are those of the short name"
                : null;
        }
        catch (SysctrException e)
        {
            return e.Message;
        }
    }

    private void MergeRegistries(string path, RegistriesToml file)
    {
        Dictionary<string, RegistryToml> seen = new(StringComparer.Ordinal);
        Dictionary<string, RegistryToml> located = new(StringComparer.Ordinal);
        foreach (RegistryToml registry in file.Registry ?? [])
        {
            Complete(path, registry);

            // As in podman: of several tables for one prefix the first counts, but none for one location contradicts
            // another.
            string place = registry.Location ?? registry.Prefix!;
            if (
                located.TryGetValue(place, out RegistryToml? other)
                && (other.Blocked, other.Insecure) != (registry.Blocked, registry.Insecure)
            )
            {
                throw Unreadable(
                    path,
                    $"its [[registry]] tables for {place} contradict each other in '{(other.Blocked != registry.Blocked ? "blocked" : "insecure")}'",
                    inner: null
                );
            }

            located.TryAdd(place, registry);
            if (seen.TryAdd(registry.Prefix!, registry))
            {
                _registries[registry.Prefix!] = registry;
            }
            else if (registry.Blocked != seen[registry.Prefix!].Blocked)
            {
                // podman drops the second one without a word, and with it what it blocks.
                throw Unreadable(
                    path,
                    $"of its two [[registry]] tables for {registry.Prefix} only one says 'blocked'",
                    inner: null
                );
            }
            else
            {
                _notes.Add($"{path} has two [[registry]] tables for {registry.Prefix}: the first one counts");
            }
        }
    }

    /// <summary>Gives a table what it leaves out, and refuses what podman refuses.</summary>
    private static void Complete(string path, RegistryToml registry)
    {
        registry.Location = Location(path, registry.Location);
        bool prefixed = Location(path, registry.Prefix) is not null;
        registry.Prefix =
            Location(path, registry.Prefix)
            ?? registry.Location
            ?? throw Unreadable(path, "a [[registry]] has neither prefix nor location", inner: null);
        if (PrefixFault(registry.Prefix) is { } fault)
        {
            throw Unreadable(path, $"the prefix '{registry.Prefix}' holds no image at all: {fault}", inner: null);
        }

        if (prefixed && registry.Location is null && !registry.Prefix.StartsWith("*.", StringComparison.Ordinal))
        {
            throw Unreadable(
                path,
                $"the [[registry]] for {registry.Prefix} has no location; only a wildcard needs none",
                inner: null
            );
        }

        if (registry.PullFromMirror is { Length: > 0 })
        {
            throw Unreadable(
                path,
                $"pull-from-mirror stands in the [[registry]] for {registry.Prefix}; it belongs into a [[registry.mirror]]",
                inner: null
            );
        }

        foreach (MirrorToml mirror in registry.Mirror ?? [])
        {
            mirror.Location =
                Location(path, mirror.Location)
                ?? throw Unreadable(path, $"a mirror of {registry.Prefix} has no location", inner: null);
            if (mirror.PullFromMirror is not (null or "" or "all" or "digest-only" or "tag-only"))
            {
                throw Unreadable(
                    path,
                    $"pull-from-mirror of {mirror.Location} is '{mirror.PullFromMirror}', not all, digest-only or tag-only",
                    inner: null
                );
            }

            if (registry.MirrorByDigestOnly && mirror.PullFromMirror is { Length: > 0 })
            {
                throw Unreadable(
                    path,
                    $"{registry.Prefix} has mirror-by-digest-only, and its mirror {mirror.Location} pull-from-mirror: one of the two says it",
                    inner: null
                );
            }
        }
    }

    /// <summary>
    /// Why a prefix can match nothing; null where it can. What it blocks would be allowed in silence. podman refuses
    /// the first of these, too ("Wildcarded prefix should be in the format: *.example.com").
    /// </summary>
    private static string? PrefixFault(string prefix) =>
        prefix.StartsWith("*.", StringComparison.Ordinal)
        && (prefix.Length == 2 || prefix.AsSpan(2).ContainsAny("/@:*"))
            ? "a wildcard is *.DOMAIN, without a port or a path"
        : prefix.Split('/')[0] == "index.docker.io" ? "images of Docker Hub are docker.io/..."
        : null;

    /// <summary>Fails now rather than when an image happens to be looked up.</summary>
    private static void Check(string path, RegistriesToml file)
    {
        try
        {
            foreach (RegistryToml registry in file.Registry ?? [])
            {
                ImageReference.CheckPlace(
                    registry.Prefix!.StartsWith("*.", StringComparison.Ordinal) ? registry.Prefix[2..] : registry.Prefix
                );
                foreach (
                    string place in (registry.Mirror ?? [])
                        .Select(m => m.Location!)
                        .Prepend(registry.Location)
                        .OfType<string>()
                )
                {
                    ImageReference.CheckPlace(place);
                }
            }
        }
        catch (SysctrException e)
        {
            throw Unreadable(path, e.Message, e);
        }
    }

    /// <summary>podman passes over what it does not know without a word: a mistyped <c>blocked</c> blocks
    /// nothing.</summary>
    private void NoteWithoutEffect(string path, RegistriesToml file)
    {
        IEnumerable<string> unknown = file
            .Unknown.Keys.Concat(
                (file.Registry ?? []).SelectMany(r => r.Unknown.Keys.Select(k => $"{k} of {r.Prefix}"))
            )
            .Concat(
                (file.Registry ?? [])
                    .SelectMany(r => r.Mirror ?? [])
                    .SelectMany(m => m.Unknown.Keys.Select(k => $"{k} of the mirror {m.Location}"))
            );
        _notes.AddRange(
            unknown.Select(k =>
                $"{path} says {Redact.Text(k)}, which is no key of containers-registries.conf(5): it has no effect"
            )
        );
        if (file.LayerStoreHelper is { Length: > 0 })
        {
            _notes.Add(
                $"{path} says additional-layer-store-auth-helper, which has no effect: sysctr has no additional layer stores"
            );
        }
    }

    private static string SearchRegistry(string path, string text)
    {
        string registry =
            Location(path, text)
            ?? throw Unreadable(path, "a registry of unqualified-search-registries is empty", inner: null);
        if (registry.Contains('/', StringComparison.Ordinal))
        {
            throw Unreadable(
                path,
                $"'{registry}' of unqualified-search-registries has a path; write host[:port]",
                inner: null
            );
        }

        try
        {
            ImageReference.CheckPlace(registry);
            return registry;
        }
        catch (SysctrException e)
        {
            throw Unreadable(path, e.Message, e);
        }
    }

    private static string? Location(string path, string? text) =>
        string.IsNullOrEmpty(text) ? null
        : text.Contains("://", StringComparison.Ordinal)
            ? throw Unreadable(path, $"'{text}' has a scheme; write host[:port][/path]", inner: null)
        : text.TrimEnd('/');

    private static string? Read(string path, bool required)
    {
        try
        {
            return !required && !File.Exists(path)
                ? null
                : BoundedFile.ReadText("/", path, MaxFileBytes)
                    ?? throw Unreadable(path, "there is no such file", inner: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e.Message, e);
        }
    }

    private static SysctrException Unreadable(string path, string why, Exception? inner) =>
        new(ErrorKind.Policy, $"reading {path}: {why}", "see containers-registries.conf(5)", inner);
}
