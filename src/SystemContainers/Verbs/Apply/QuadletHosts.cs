// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Linux.Users;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Target;

namespace SystemContainers.Verbs.Apply;

/// <summary>A host as the reader of files has to know it.</summary>
static class QuadletHosts
{
    private static readonly string[] s_podman =
    [
        "/run/containers/systemd",
        "/etc/containers/systemd",
        "/usr/share/containers/systemd",
    ];

    private static readonly string[] s_podmanUser =
    [
        "/etc/containers/systemd/users",
        "/usr/share/containers/systemd/users",
    ];

    public static QuadletHost Of(Host host) =>
        new()
        {
            OnHost = path => OnHost(host, path),
            Inside = host.Inside,
            Manager = () =>
                host.Systemd.IsBooted
                    ? host.Systemd.GetEnvironmentAsync(CancellationToken.None).GetAwaiter().GetResult()
                    : null,
            Tool = ToolPaths.ToolOn(host.Paths),
            IsUser = host.User is not null,
            Specifiers = host.User is { } user ? Of(user) : QuadletHost.System,
            Applied = name =>
                host.Catalog.List(_ => { })
                    .FirstOrDefault(r => r.Declared is { } declared && Path.GetFileName(declared.File) == name)
                    ?.MainUnit
                ?? PodmansUnit(host, name),
        };

    /// <summary>What specifiers stand for that are the same for all units of a user (systemd.unit(5),
    /// "Specifiers").</summary>
    internal static IReadOnlyDictionary<char, string> Of(HostUser user) =>
        new Dictionary<char, string>
        {
            ['h'] = user.Home,
            ['u'] = user.Name,
            ['U'] = user.Uid.ToString(CultureInfo.InvariantCulture),
            ['g'] = UserNames.OfGroup(user.Gid),
            ['G'] = user.Gid.ToString(CultureInfo.InvariantCulture),
            ['s'] = UserNames.ShellOf(user.Uid),
            ['t'] = user.RuntimeDirectory,
            ['S'] = Path.Join(user.Home, ".local/state"),
            ['C'] = Path.Join(user.Home, ".cache"),
            ['L'] = Path.Join(user.Home, ".local/state/log"),
            ['E'] = user.ConfigHome,
            ['T'] = "/tmp",
            ['V'] = "/var/tmp",
        };

    /// <summary>A file of podman's, where its generator looks (podman-systemd.unit(5)), as the host sees it; null for
    /// none.</summary>
    public static string? PodmanFile(Host host, string name)
    {
        IEnumerable<string> places = host.User is { } user
            ?
            [
                Path.Join(user.RuntimeDirectory, "containers/systemd"),
                Path.Join(user.ConfigHome, "containers/systemd"),
                .. s_podmanUser.SelectMany(p => new[] { Path.Join(p, $"{user.Uid}"), p }),
            ]
            : s_podman;
        return places.Select(p => Path.Join(p, name)).FirstOrDefault(f => Path.Exists(host.Inside(f)));
    }

    private static string? PodmansUnit(Host host, string name) =>
        PodmanFile(host, name) is { } file
            ? PodmanUnits.NameOf(QuadletFiles.Read([host.Inside(file)], f => f, new QuadletFaults())[0])
            : null;

    /// <summary>A path of this process as the host sees it; null where it is not below the host's root.</summary>
    public static string? OnHost(Host host, string path) =>
        host.Root == "/" ? path
        : path.StartsWith(host.Root.TrimEnd('/') + "/", StringComparison.Ordinal)
            ? path[host.Root.TrimEnd('/').Length..]
        : null;
}
