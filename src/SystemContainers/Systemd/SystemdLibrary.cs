// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.RegularExpressions;

namespace SystemContainers.Systemd;

/// <summary>systemd's shared library, whose name has the version in every distribution: of a system that does not run
/// nobody else can be asked.</summary>
static partial class SystemdLibrary
{
    private static readonly string[] s_libraries = ["/usr/lib", "/usr/lib64", "/lib"];

    /// <summary>Of <c>libsystemd-shared-252.so</c> (Debian) or <c>libsystemd-shared-252.4-598.fc36.so</c> (Fedora):
    /// 252. More than one where an upgrade left another behind.</summary>
    /// <param name="inside">Maps a path of that system to one of this process.</param>
    public static IEnumerable<int> Versions(Func<string, string> inside) =>
        from libraries in s_libraries.Select(inside)
        where Directory.Exists(libraries)
        from parent in Directory.EnumerateDirectories(libraries, "*-linux-*").Prepend(libraries)
        let directory = Path.Join(parent, "systemd")
        where Directory.Exists(directory)
        from file in Directory.EnumerateFiles(directory, "libsystemd-shared-*.so")
        let match = Name().Match(Path.GetFileName(file))
        where match.Success
        select int.Parse(match.Groups["version"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^libsystemd-shared-(?<version>\d+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Name();
}
