// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using Tomlyn;

namespace SystemContainers.Reference;

/// <summary>Reading and merging the files.</summary>
sealed partial class RegistriesConfig
{
    /// <summary>No host's file is near this; it keeps a mistaken path from being read as a whole.</summary>
    private const int MaxFileBytes = 4 << 20;

    /// <summary>Reads the host's configuration.</summary>
    /// <exception cref="SysctrException">Policy: a file can't be read or understood (what it forbids would be lost, so nothing is pulled).</exception>
    public static RegistriesConfig Load() => Load(RegistriesConfPaths.OfHost());

    /// <summary>Reads the files given. Later ones override: a whole <c>[[registry]]</c> of the same prefix, one alias, a setting.</summary>
    /// <exception cref="SysctrException">Policy, as above.</exception>
    public static RegistriesConfig Load(RegistriesConfPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        RegistriesConfig config = new(paths.Main);
        config.Merge(paths.Main, paths.MainIsRequired);
        foreach (string dropIn in DropIns(paths.DropIns))
        {
            config.Merge(dropIn, required: true);
        }

        if (paths.ShortNameCache is not null)
        {
            config.Merge(paths.ShortNameCache, required: false);
        }

        return config;
    }

    private static string[] DropIns(string? directory)
    {
        try
        {
            return directory is not null && Directory.Exists(directory)
                ? [.. Directory.GetFiles(directory, "*.conf").Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(directory!, e.Message, e);
        }
    }

    private void Merge(string path, bool required)
    {
        if (Read(path, required) is not { } text)
        {
            return;
        }

        RegistriesToml? file;
        try
        {
            file = TomlSerializer.Deserialize(text, RegistriesTomlContext.Default.RegistriesToml);
        }
        catch (Exception e) when (e is TomlException or InvalidOperationException or FormatException)
        {
            throw Unreadable(path, TomlFault.Of(e), e);
        }

        if (file is null)
        {
            return;
        }

        if (file.Version1 is not null)
        {
            throw Unreadable(path, "it has the old format, version 1, with [registries.search] and its like", inner: null);
        }

        _searchRegistries = file.SearchRegistries ?? _searchRegistries;
        CredentialHelpers = file.CredentialHelpers is { Count: > 0 } helpers ? helpers : CredentialHelpers;
        if (file.ShortNameMode is { Length: > 0 } mode)
        {
            _shortNameMode = mode is "enforcing" or "permissive" or "disabled"
                ? mode
                : throw Unreadable(path, $"short-name-mode is '{mode}', not enforcing, permissive or disabled", inner: null);
        }

        MergeAliases(file);
        MergeRegistries(path, file);
        Check(path);
    }

    private void MergeAliases(RegistriesToml file)
    {
        foreach ((string name, string full) in file.Aliases ?? [])
        {
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

    private void MergeRegistries(string path, RegistriesToml file)
    {
        Dictionary<string, RegistryToml> seen = new(StringComparer.Ordinal);
        Dictionary<string, RegistryToml> located = new(StringComparer.Ordinal);
        foreach (RegistryToml registry in file.Registry ?? [])
        {
            registry.Location = Location(path, registry.Location);
            registry.Prefix = Location(path, registry.Prefix) ?? registry.Location ??
                throw Unreadable(path, "a [[registry]] has neither prefix nor location", inner: null);
            if (PrefixFault(registry.Prefix) is { } fault)
            {
                throw Unreadable(path, $"the prefix '{registry.Prefix}' holds no image at all: {fault}", inner: null);
            }

            registry.Location ??= registry.Prefix.StartsWith("*.", StringComparison.Ordinal) ? null : registry.Prefix;
            foreach (MirrorToml mirror in registry.Mirror ?? [])
            {
                mirror.Location = Location(path, mirror.Location) ??
                    throw Unreadable(path, $"a mirror of {registry.Prefix} has no location", inner: null);
                if (mirror.PullFromMirror is not (null or "" or "all" or "digest-only" or "tag-only"))
                {
                    throw Unreadable(path, $"pull-from-mirror of {mirror.Location} is '{mirror.PullFromMirror}'", inner: null);
                }
            }

            // As in podman: of several tables for one prefix the first counts, but none for one location contradicts another.
            string place = registry.Location ?? registry.Prefix;
            if (located.TryGetValue(place, out RegistryToml? other) && (other.Blocked, other.Insecure) != (registry.Blocked, registry.Insecure))
            {
                throw Unreadable(path, $"its [[registry]] tables for {place} contradict each other in '{(other.Blocked != registry.Blocked ? "blocked" : "insecure")}'", inner: null);
            }

            located.TryAdd(place, registry);
            if (seen.TryAdd(registry.Prefix, registry))
            {
                _registries[registry.Prefix] = registry;
            }
            else if (registry.Blocked != seen[registry.Prefix].Blocked)
            {
                // podman drops the second one without a word, and with it what it blocks.
                throw Unreadable(path, $"of its two [[registry]] tables for {registry.Prefix} only one says 'blocked'", inner: null);
            }
        }
    }

    /// <summary>
    /// Why a prefix can match nothing; null where it can. What it blocks would be allowed in silence. podman refuses the first of these, too
    /// ("Wildcarded prefix should be in the format: *.example.com").
    /// </summary>
    private static string? PrefixFault(string prefix) =>
        prefix.StartsWith("*.", StringComparison.Ordinal) && (prefix.Length == 2 || prefix.AsSpan(2).ContainsAny("/@:*")) ? "a wildcard is *.DOMAIN, without a port or a path"
        : prefix.Split('/')[0] == "index.docker.io" ? "images of Docker Hub are docker.io/..."
        : null;

    /// <summary>Fails now rather than when an image happens to be looked up.</summary>
    private void Check(string path)
    {
        try
        {
            foreach (string name in _aliases.Values)
            {
                _ = ImageReference.Parse(name);
            }

            foreach (string place in _searchRegistries
                .Concat(_registries.Values.Select(r => r.Prefix!.StartsWith("*.", StringComparison.Ordinal) ? r.Prefix[2..] : r.Prefix))
                .Concat(_registries.Values.Select(r => r.Location).OfType<string>())
                .Concat(_registries.Values.SelectMany(r => r.Mirror ?? []).Select(m => m.Location!)))
            {
                ImageReference.CheckPlace(place);
            }
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
            FileInfo info = new(path);
            return !info.Exists && !required ? null
                : info.Length > MaxFileBytes ? throw Unreadable(path, $"it is larger than {MaxFileBytes} bytes", inner: null)
                : File.ReadAllText(path, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e.Message, e);
        }
    }

    private static SysctrException Unreadable(string path, string why, Exception? inner) =>
        new(ErrorKind.Policy, $"reading {path}: {why}", "see containers-registries.conf(5)", inner);
}
