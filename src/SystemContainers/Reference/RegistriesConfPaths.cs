// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Users;

namespace SystemContainers.Reference;

/// <summary>The files that make up the configuration of registries; each may be missing.</summary>
/// <param name="Main">registries.conf: one alone counts.</param>
/// <param name="DropIns">The directory whose <c>*.conf</c> are read after it, in ordinal order of their names.</param>
/// <param name="ShortNameCache">Aliases that podman recorded; stronger than those of the other files.</param>
/// <param name="MainIsRequired">Whether it is an error that <paramref name="Main"/> is missing: the user named
/// it.</param>
sealed record RegistriesConfPaths(string Main, string? DropIns, string? ShortNameCache, bool MainIsRequired = false)
{
    private const string Named = "CONTAINERS_REGISTRIES_CONF";

    /// <summary>More such directories, the strongest first: of one name in several the file of the first directory
    /// alone is read.</summary>
    public IReadOnlyList<string> Weaker { get; init; } = [];

    /// <summary>A further file that the user named, read after all others.</summary>
    public string? Last { get; init; }

    /// <summary>
    /// The files that podman takes for a user: the user's own registries.conf, else the administrator's, else the
    /// distribution's; drop-ins of all of them. <c>$CONTAINERS_REGISTRIES_CONF</c> stands in place of both, and
    /// <c>$CONTAINERS_REGISTRIES_CONF_OVERRIDE</c> is read last.
    /// </summary>
    /// <param name="user">Null for who calls, which is root for a system.</param>
    public static RegistriesConfPaths Of(HostUser? user) => Of(user, Environment.GetEnvironmentVariable);

    /// <summary>The same for an environment.</summary>
    public static RegistriesConfPaths Of(HostUser? user, Func<string, string?> environment)
    {
        string? named = environment(Named) is { Length: > 0 } path ? path : null;
        string[] main =
        [
            Path.Join(ContainersPaths.Config(user, environment), "registries.conf"),
            "/etc/containers/registries.conf",
            "/usr/share/containers/registries.conf",
        ];
        IReadOnlyList<string> directories = named is null
            ? ContainersPaths.Directories("registries", ".conf.d", user, environment)
            : [];
        return new RegistriesConfPaths(
            named ?? main.FirstOrDefault(File.Exists) ?? main[1],
            directories is [var strongest, ..] ? strongest : null,
            user is null && Linux.Native.Libc.geteuid() == 0
                ? "/var/cache/containers/short-name-aliases.conf"
                : Path.Join(CallerHome.Cache(environment), "containers/short-name-aliases.conf"),
            MainIsRequired: named is not null
        )
        {
            Weaker = [.. directories.Skip(1)],
            Last = environment(Named + "_OVERRIDE") is { Length: > 0 } last ? last : null,
        };
    }

    public IEnumerable<string> Directories => DropIns is null ? Weaker : Weaker.Prepend(DropIns);

    /// <summary>The drop-ins that count, in the order in which they are read.</summary>
    /// <exception cref="IOException">A directory can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public IReadOnlyList<string> DropInFiles()
    {
        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        foreach (string file in Directories.Where(Directory.Exists).SelectMany(d => Directory.GetFiles(d, "*.conf")))
        {
            files.TryAdd(Path.GetFileName(file), file);
        }

        return [.. files.Values];
    }
}
