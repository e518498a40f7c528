// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>Shell scripts that several rows take steps from.</summary>
static class Steps
{
    /// <summary>A storage of its own, so that clearing it is one move and nothing of it is shared with other
    /// rows.</summary>
    public const string Podman = "podman --root /var/lib/bench/podman --runroot /run/bench-podman";

    /// <summary>Nothing of podman's, skopeo's and umoci's is there.</summary>
    public static string ClearPeers { get; } = $"{Aside("/var/lib/bench")}; mkdir -p /var/lib/bench";

    /// <summary>Nothing of sysctr's is there: no container, no store.</summary>
    public static string ClearSysctr { get; } =
        "for name in $(ls /var/lib/sysctr/deployments 2>/dev/null); do sysctr uninstall --quiet --purge $name; done; "
        + Aside("/var/lib/sysctr");

    /// <summary>An image of the host's registry.</summary>
    public static string Reference(string image, string tag = ImageBuilder.Tag) =>
        $"docker://{TestHost.Registry}/{image}:{tag}";

    /// <summary>From the registry to a tree of files on the disk by skopeo and umoci.</summary>
    public static string Umoci(string image) =>
        $"skopeo copy --quiet --src-tls-verify=false {Reference(image)} oci:/var/lib/bench/layout:{image}; "
        + $"umoci unpack --image /var/lib/bench/layout:{image} /var/lib/bench/{image} >/dev/null";

    /// <summary>
    /// Not removed: ext4 gives no inode out again that was freed in the last minutes, and looks at each of them for
    /// every new file. Thousands that were removed just before a run make it several times as slow as on any other day.
    /// </summary>
    public static string Aside(string directory) =>
        $"mkdir -p /var/lib/aside; test ! -e {directory} || mv {directory} \"$(mktemp -d /var/lib/aside/XXXXXX)\"";
}
