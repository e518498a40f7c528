// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>Ways to get an image from the registry to a tree of files on the disk.</summary>
static class PullContestants
{
    // A storage of its own, so that clearing it is one move and nothing of it is shared with a start contest.
    private const string Podman = "podman --root /var/lib/bench/podman --runroot /run/bench-podman";
    private static readonly string s_clear = $"{Aside("/var/lib/bench")}; mkdir -p /var/lib/bench";

    /// <summary>Nothing of the image is local.</summary>
    public static IReadOnlyList<Contestant> Cold(string image) => Make("true", "true", "true", image);

    /// <summary>Another image with the same base layer is local.</summary>
    public static IReadOnlyList<Contestant> Second(string first, string second) =>
        Make(Sysctr(first), $"{Podman} pull --quiet {Reference(first)}", Umoci(first), second);

    private static Contestant[] Make(string sysctrBefore, string podmanBefore, string umociBefore, string image) =>
    [
        new("sysctr install", $"{ClearSysctr()}; {sysctrBefore}", Sysctr(image), ClearSysctr()),
        new("sysctr pull", $"{ClearSysctr()}; {sysctrBefore}", $"sysctr pull --quiet {Reference(image)}", ClearSysctr()),
        new("podman pull", $"{s_clear}; {podmanBefore}", $"{Podman} pull --quiet {Reference(image)}", s_clear),
        new("skopeo copy + umoci unpack", $"{s_clear}; {umociBefore}", Umoci(image), s_clear),
    ];

    private static string Reference(string image) => $"docker://{TestHost.Registry}/{image}:{ImageBuilder.Tag}";

    private static string Sysctr(string image) => $"sysctr install --quiet --system {Reference(image)}";

    private static string ClearSysctr() =>
        "for name in $(ls /var/lib/sysctr/deployments 2>/dev/null); do sysctr uninstall --quiet --purge $name; done; " + Aside("/var/lib/sysctr");

    /// <summary>
    /// Not removed: ext4 gives no inode out again that was freed in the last minutes, and looks at each of them for every new file.
    /// Thousands that were removed just before a run make it several times as slow as on any other day.
    /// </summary>
    private static string Aside(string directory) =>
        $"mkdir -p /var/lib/aside; test ! -e {directory} || mv {directory} \"$(mktemp -d /var/lib/aside/XXXXXX)\"";

    private static string Umoci(string image) =>
        $"skopeo copy --quiet --src-tls-verify=false {Reference(image)} oci:/var/lib/bench/layout:{image}; "
        + $"umoci unpack --image /var/lib/bench/layout:{image} /var/lib/bench/{image} >/dev/null";
}
