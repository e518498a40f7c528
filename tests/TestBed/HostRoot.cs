// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>A Debian root file system that hosts are copies of.</summary>
/// <param name="Name">Its name in the cache.</param>
/// <param name="Suite">The Debian release.</param>
/// <param name="Packages">What is installed beyond Debian's required packages.</param>
public sealed record HostRoot(string Name, string Suite, IReadOnlyList<string> Packages)
{
    private static readonly string[] s_host =
    [
        "systemd",
        "systemd-sysv",
        "dbus",
        "runc",
        "crun",
        "iproute2",
        "procps",
        "util-linux",
        "ca-certificates",
        "curl",
        "python3",
        "kmod",
        "strace",
        // A user's own systemd, its bus, and the ids that a user may map.
        "libpam-systemd",
        "dbus-user-session",
        "uidmap",
    ];

    /// <summary>Networks of containers: of the system's by netavark, of a user's by pasta.</summary>
    private static readonly string[] s_networks = ["netavark", "aardvark-dns", "iptables", "passt"];

    /// <summary>Changes when the recipe below does.</summary>
    private const string Recipe = "2";

    /// <summary>The oldest supported host: systemd 252, runc 1.1.</summary>
    public static HostRoot Bookworm { get; } = new("host-bookworm", "bookworm", [.. s_host, .. s_networks, "libssl3"]);

    /// <summary>The oldest supported host with what the bench measures by; its podman knows no quadlets.</summary>
    public static HostRoot BookwormBench { get; } =
        new("host-bookworm-bench", "bookworm", [.. s_host, "libssl3", "time"]);

    /// <summary>The newest Debian, with the peers that the bench compares with.</summary>
    public static HostRoot Trixie { get; } =
        new(
            "host-trixie",
            "trixie",
            [.. s_host, "libssl3t64", "podman", "skopeo", "umoci", "netavark", "time", "libisal2"]
        );

    /// <summary>
    /// What host tests run on: the oldest supported host, for it lacks what newer ones have; with
    /// <c>SYSCTR_TEST_SUITE=trixie</c> Debian 13, with its systemd 257 and runc 1.1.15; with <c>sid</c> Debian's
    /// newest, with systemd 262 or a later one, for tests of single calls.
    /// </summary>
    public static HostRoot Tested { get; } =
        Environment.GetEnvironmentVariable("SYSCTR_TEST_SUITE") switch
        {
            null or "" or "bookworm" => Bookworm,
            "trixie" => new HostRoot("host-tested-trixie", "trixie", [.. s_host, .. s_networks, "libssl3t64"]),
            "sid" => new HostRoot("host-tested-sid", "sid", [.. s_host, .. s_networks, "libssl3t64"]),
            { } other => throw new InvalidOperationException(
                $"SYSCTR_TEST_SUITE={other}: there are bookworm, trixie and sid"
            ),
        };

    /// <summary>A host with a kernel, for whole machines: of the release of <see cref="Tested"/>.</summary>
    public static HostRoot Machine { get; } =
        new(
            "machine-" + Tested.Suite,
            Tested.Suite,
            [
                .. s_host,
                .. Tested.Suite == "bookworm" ? (string[])["libssl3"] : ["libssl3t64", "e2fsprogs"],
                "linux-image-cloud-amd64",
                "initramfs-tools",
                "udev",
                "qemu-guest-agent",
                "docker-registry",
            ]
        );

    /// <summary>The directory of this root in the cache; copy it, never change it.</summary>
    public async Task<string> GetAsync()
    {
        await TestBed.Packages.EnsureAsync();
        string cached = await Cache.GetAsync(Name, [Recipe, Suite, .. Packages], MakeAsync);
        return Path.Combine(cached, "root");
    }

    private async Task MakeAsync(string folder)
    {
        string root = Path.Combine(folder, "root");
        await Command.MustAsync(
            "mmdebstrap",
            [
                "--variant=minbase",
                "--quiet",
                $"--include={string.Join(',', Packages)}",
                // A mirror that stands still serves an index of sid that is out of date by its own word.
                .. Suite == "sid" ? ["--aptopt=Acquire::Check-Valid-Until \"false\""] : (string[])[],
                Suite,
                root,
            ]
        );
        await File.WriteAllTextAsync(Path.Combine(root, "etc/machine-id"), "");
        await File.WriteAllTextAsync(Path.Combine(root, "etc/fstab"), "");
        foreach (
            string noise in (string[])
                [
                    "apt-daily.timer",
                    "apt-daily-upgrade.timer",
                    "dpkg-db-backup.timer",
                    "e2scrub_all.timer",
                    "fstrim.timer",
                    "docker-registry.service",
                    "systemd-networkd-wait-online.service",
                    "podman.service",
                    "podman.socket",
                ]
        )
        {
            File.CreateSymbolicLink(Path.Combine(root, "etc/systemd/system", noise), "/dev/null");
        }
    }
}
