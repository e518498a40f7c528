// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;

namespace SystemContainers.Bundle;

sealed partial record HostFacts
{
    private const int MaxConfigBytes = 1 << 16;

    /// <summary>The first kernel with openat2(2), without which sysctr does not run on that host either.</summary>
    private static readonly Version s_oldestKernel = new(5, 6);

    /// <summary>
    /// The same for a system below a directory: not what the machine that installs can give, which may be a build
    /// container with half of the capabilities, but what the one that boots it is to have by the files that are there.
    /// What no file tells is taken for a whole machine's: all capabilities, no lowered limits, a kernel with seccomp.
    /// </summary>
    /// <param name="root">That system's root directory.</param>
    public HostFacts Offline(string root) =>
        this with
        {
            IsOffline = true,
            Capabilities = RuntimeSpec.Capabilities.FromMask(ulong.MaxValue),
            HardLimits = new Dictionary<string, ulong>(),
            HasSeccomp = true,
            Kernel = OldestKernel(root),
            HasSelinux = UsesSelinux(root),
            HasAppArmorProfile = static _ => true,
            HasAppArmor = IsThere(root, "/usr/sbin/apparmor_parser") || IsThere(root, "/sbin/apparmor_parser"),
        };

    /// <summary>The oldest of the kernels that the system can boot: what a seccomp profile allows from a version on,
    /// that one may lack.</summary>
    private static Version OldestKernel(string root)
    {
        string modules = RootedPath.Resolve(root, "/lib/modules", followLast: true);
        return !Directory.Exists(modules)
            ? s_oldestKernel
            : Directory
                .EnumerateDirectories(modules)
                .Select(d => Path.GetFileName(d).Split(['.', '-'], 3))
                .Select(p =>
                    p is [string major, string minor, ..] && Version.TryParse($"{major}.{minor}", out Version? version)
                        ? version
                        : null
                )
                .OfType<Version>()
                .DefaultIfEmpty(s_oldestKernel)
                .Min()!;
    }

    /// <summary>selinux_config(5).</summary>
    private static bool UsesSelinux(string root) =>
        BoundedFile.ReadText(root, "/etc/selinux/config", MaxConfigBytes) is { } text
        && !text.Split('\n').Any(l => l.Trim() == "SELINUX=disabled");

    private static bool IsThere(string root, string path) =>
        File.Exists(RootedPath.Resolve(root, path, followLast: true));
}
