// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Values;
using SystemContainers.Target;

namespace SystemContainers.Verbs.Apply;

/// <summary>A host as the reader of files has to know it.</summary>
static class QuadletHosts
{
    /// <summary>Of a host.</summary>
    public static QuadletHost Of(Host host) => new()
    {
        OnHost = path => OnHost(host, path),
        Inside = host.Inside,
        Manager = () => host.Systemd.IsBooted ? host.Systemd.GetEnvironmentAsync(CancellationToken.None).GetAwaiter().GetResult() : null,
        Tool = ToolPaths.ToolOn(host.Paths),
        IsUser = host.User is not null,
        Specifiers = host.User is not { } user ? QuadletHost.System : new Dictionary<char, string>
        {
            ['h'] = user.Home, ['u'] = user.Name, ['U'] = $"{user.Uid}", ['t'] = user.RuntimeDirectory, ['S'] = Path.Join(user.Home, ".local/state"), ['C'] = Path.Join(user.Home, ".cache"), ['L'] = Path.Join(user.Home, ".local/state/log"),
            ['E'] = user.ConfigHome, ['T'] = "/tmp", ['V'] = "/var/tmp",
        },
        Applied = name => host.Catalog.List(_ => { }).FirstOrDefault(r => r.Declared is { } declared && Path.GetFileName(declared.File) == name)?.MainUnit,
    };

    /// <summary>A path of this process as the host sees it; null where it is not below the host's root.</summary>
    public static string? OnHost(Host host, string path) =>
        host.Root == "/" ? path : path.StartsWith(host.Root.TrimEnd('/') + "/", StringComparison.Ordinal) ? path[host.Root.TrimEnd('/').Length..] : null;
}
