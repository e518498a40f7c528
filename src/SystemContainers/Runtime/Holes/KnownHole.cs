// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Runtime.Holes;

/// <summary>A published way out of a container, or into the host, that a runtime's old releases have.</summary>
/// <param name="Id">Its CVE.</param>
/// <param name="Program">The runtime, as it calls itself.</param>
/// <param name="Summary">What it lets happen, in a few words.</param>
/// <param name="FixedIn">The first release of each series that does not have it, oldest first. Series between these got
/// no fix; those after the last have it all.</param>
sealed record KnownHole(string Id, string Program, string Summary, params IReadOnlyList<string> FixedIn)
{
    /// <summary>
    /// Those that matter here: sysctr runs images that nobody vouches for, detached, without a console, and makes each
    /// container's tree itself. Left out is what needs other callers (checkpoints, krun).
    /// </summary>
    /// <remarks>
    /// Sources: runc's CHANGELOG.md and its advisories (GHSA-9493-h29p-rfm2, GHSA-qw9x-cqr3-wc7r, GHSA-cgrx-mc8f-2prm,
    /// GHSA-xjvp-4fhw-gc47, GHSA-xr7r-f8xq-vfvv, GHSA-jfvp-7x6p-h2pv, GHSA-g2j6-57v7-gm8c, GHSA-m8cg-xc2p-r3fc,
    /// GHSA-c3xm-pvg7-gh7r, GHSA-fh74-hm69-rqjw); for 2019-5736 oss-security of 2019-02-11. crun's NEWS for those up to
    /// 1.28; 2026-88264 and -88265 came after the NEWS that was read, their release is that of advisories
    /// GHSA-j87h-qqch-77vc and GHSA-5j66-q287-fhqw as two public projects quote them.
    /// </remarks>
    public static IReadOnlyList<KnownHole> All { get; } =
    [
        new("CVE-2019-5736", "runc", "root in a container overwrites runc itself", "1.0.0-rc7"),
        new("CVE-2019-16884", "runc", "an image turns AppArmor off", "1.0.0-rc9"),
        new("CVE-2019-19921", "runc", "a volume turns AppArmor and SELinux off", "1.0.0-rc10"),
        new("CVE-2021-30465", "runc", "a race of two mounts binds the host's root", "1.0.0-rc95"),
        new("CVE-2023-25809", "runc", "without root, a container writes the host's cgroups", "1.1.5"),
        new("CVE-2023-27561", "runc", "a volume turns AppArmor and SELinux off", "1.1.5"),
        new("CVE-2023-28642", "runc", "/proc as a link turns AppArmor and SELinux off", "1.1.5"),
        new("CVE-2024-21626", "runc", "a working directory below /proc/self/fd is the host's root", "1.1.12"),
        new("CVE-2024-45310", "runc", "a volume makes empty files on the host", "1.1.14", "1.2.0-rc.3"),
        new(
            "CVE-2025-31133",
            "runc",
            "a masked path opens the host's /proc for writing",
            "1.2.8",
            "1.3.3",
            "1.4.0-rc.3"
        ),
        new(
            "CVE-2025-52565",
            "runc",
            "/dev/console opens the host's /proc for writing",
            "1.2.8",
            "1.3.3",
            "1.4.0-rc.3"
        ),
        new("CVE-2025-52881", "runc", "writes of runc to /proc are led elsewhere", "1.2.8", "1.3.3", "1.4.0-rc.3"),
        new(
            "CVE-2026-41579",
            "runc",
            "an image's /dev as a link makes and removes files on the host",
            "1.3.6",
            "1.4.3",
            "1.5.0-rc.3"
        ),
        new("CVE-2019-18837", "crun", "an image's links lead mounts to the host", "0.10.5"),
        new("CVE-2022-27650", "crun", "exec gives inheritable capabilities", "1.4.4"),
        new("CVE-2026-30892", "crun", "exec -u runs as another user", "1.27"),
        new("CVE-2026-47766", "crun", "an image's /dev as a link makes files on the host", "1.28"),
        new("CVE-2026-88264", "crun", "an image's links in /dev lead to the host", "1.30"),
        new("CVE-2026-88265", "crun", "an image's links in /dev lead to the host", "1.30"),
    ];

    private readonly RuntimeVersion[] _fixedIn = [.. FixedIn.Select(v => RuntimeVersion.Parse(v)!)];

    /// <summary>Whether a release of upstream has the fix.</summary>
    public bool IsFixedIn(RuntimeVersion version) =>
        _fixedIn.Any(f => version.IsOfSeries(f) && version.IsAtLeast(f))
        || (!version.IsOfSeries(_fixedIn[^1]) && version.IsAtLeast(_fixedIn[^1]));
}
