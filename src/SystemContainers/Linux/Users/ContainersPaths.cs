// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Users;

/// <summary>
/// Directories of containers/common's files by who calls, the strongest first: the user's, the administrator's for root
/// or for others, the administrator's, and the same of the distribution (containers-config(5)).
/// </summary>
static class ContainersPaths
{
    /// <summary>For a name such as <c>registries.conf.d</c>: <c>rootful</c> and <c>rootless</c> stand before the
    /// suffix.</summary>
    /// <param name="stem"><c>registries</c>.</param>
    /// <param name="suffix"><c>.conf.d</c>.</param>
    /// <param name="user">Null for who calls.</param>
    /// <param name="environment">Gives a variable.</param>
    public static IReadOnlyList<string> Directories(
        string stem,
        string suffix,
        HostUser? user,
        Func<string, string?> environment
    )
    {
        uint uid = user?.Uid ?? Libc.geteuid();
        return
        [
            Path.Join(Config(user, environment), stem + suffix),
            .. Below("/etc/containers"),
            .. Below("/usr/share/containers"),
        ];

        string[] Below(string directory)
        {
            string special = Path.Join(directory, stem + (uid == 0 ? ".rootful" : ".rootless") + suffix);
            string all = Path.Join(directory, stem + suffix);
            return uid == 0
                ? [special, all]
                : [Path.Join(special, uid.ToString(CultureInfo.InvariantCulture)), special, all];
        }
    }

    /// <summary>The user's directory of such files.</summary>
    public static string Config(HostUser? user, Func<string, string?> environment) =>
        Path.Join(user?.ConfigHome ?? CallerHome.Config(environment), "containers");
}
