// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;

namespace SystemContainers.Systemd;

/// <summary>Where things stand on a host, as this process sees them; the constants are the same places as the host sees
/// them.</summary>
/// <param name="Root">The host's root directory, <c>/</c> for the running host.</param>
/// <param name="User">Whose systemd it is about; null for the system's.</param>
sealed record HostPaths(string Root, HostUser? User = null)
{
    /// <summary>The administrator's units: what we write for the system.</summary>
    public const string Units = "/etc/systemd/system";

    /// <summary>tmpfiles.d(5) of the administrator.</summary>
    public const string Tmpfiles = "/etc/tmpfiles.d";

    /// <summary>Every directory in which the system's manager finds units (systemd.unit(5), "Unit File Load
    /// Path").</summary>
    private static readonly string[] s_systemLoadPath =
    [
        "/etc/systemd/system.control",
        "/run/systemd/system.control",
        "/run/systemd/transient",
        "/run/systemd/generator.early",
        Units,
        "/etc/systemd/system.attached",
        "/run/systemd/system",
        "/run/systemd/system.attached",
        "/run/systemd/generator",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
        "/run/systemd/generator.late",
    ];

    /// <summary>What a command of ours needs to be about this host; null for the running one.</summary>
    public string? TypedOptions => TypedWords.OptionsOf(Root, User is not null);

    /// <summary>Where we write units.</summary>
    public string UnitDirectory => User is null ? Units : Path.Join(User.ConfigHome, "systemd/user");

    /// <summary>Where we write tmpfiles.d(5).</summary>
    public string TmpfilesDirectory => User is null ? Tmpfiles : Path.Join(User.ConfigHome, "user-tmpfiles.d");

    /// <summary>Every directory in which the manager finds units.</summary>
    public IReadOnlyList<string> UnitLoadPath => User is null ? s_systemLoadPath : UserLoadPath(User);

    /// <summary>The path as this process sees it. Links of a system below a directory are followed inside it, but for
    /// one in the last part.</summary>
    public string Here(string path) => Root == "/" ? path : RootedPath.Resolve(Root, path);

    /// <summary>As <see cref="Here"/>, for what is looked into: a link in the last part is followed too.</summary>
    public string Inside(string path) => Root == "/" ? path : RootedPath.Resolve(Root, path, followLast: true);

    /// <summary>The same list for a user's manager.</summary>
    private static string[] UserLoadPath(HostUser user)
    {
        string runtime = Path.Join(user.RuntimeDirectory, "systemd");
        return
        [
            Path.Join(user.ConfigHome, "systemd/user.control"),
            Path.Join(runtime, "user.control"),
            Path.Join(runtime, "transient"),
            Path.Join(runtime, "generator.early"),
            Path.Join(user.ConfigHome, "systemd/user"),
            "/etc/systemd/user",
            Path.Join(runtime, "user"),
            "/run/systemd/user",
            Path.Join(runtime, "generator"),
            Path.Join(user.DataHome, "systemd/user"),
            "/usr/local/share/systemd/user",
            "/usr/share/systemd/user",
            "/usr/local/lib/systemd/user",
            "/usr/lib/systemd/user",
            Path.Join(runtime, "generator.late"),
        ];
    }
}
