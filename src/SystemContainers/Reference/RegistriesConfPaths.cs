// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Users;

namespace SystemContainers.Reference;

/// <summary>The files that make up the configuration of registries; each may be missing.</summary>
/// <param name="Main">registries.conf.</param>
/// <param name="DropIns">The directory whose <c>*.conf</c> are read after it, in ordinal order of their names.</param>
/// <param name="ShortNameCache">Aliases that podman recorded; stronger than those of the other files.</param>
/// <param name="MainIsRequired">Whether it is an error that <paramref name="Main"/> is missing: the user named it.</param>
sealed record RegistriesConfPaths(string Main, string? DropIns, string? ShortNameCache, bool MainIsRequired = false)
{
    /// <summary>The host's, with <c>$CONTAINERS_REGISTRIES_CONF</c> in place of the main file where it is set, as in podman.</summary>
    public static RegistriesConfPaths OfHost()
    {
        string? named = Environment.GetEnvironmentVariable("CONTAINERS_REGISTRIES_CONF");
        return new RegistriesConfPaths(
            string.IsNullOrEmpty(named) ? "/etc/containers/registries.conf" : named,
            "/etc/containers/registries.conf.d",
            "/var/cache/containers/short-name-aliases.conf",
            MainIsRequired: !string.IsNullOrEmpty(named));
    }

    /// <summary>
    /// As podman does without root: a file of the user's own stands in place of the host's, drop-ins of the user's own too, and the user has
    /// a cache of aliases. Null is the host's.
    /// </summary>
    public static RegistriesConfPaths Of(HostUser? user)
    {
        RegistriesConfPaths host = OfHost();
        if (user is null)
        {
            return host;
        }

        string main = Path.Join(user.ConfigHome, "containers/registries.conf");
        string dropIns = Path.Join(user.ConfigHome, "containers/registries.conf.d");
        return host with
        {
            Main = !host.MainIsRequired && File.Exists(main) ? main : host.Main,
            DropIns = Directory.Exists(dropIns) ? dropIns : host.DropIns,
            ShortNameCache = Path.Join(user.Home, ".cache/containers/short-name-aliases.conf"),
        };
    }
}
