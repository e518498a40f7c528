// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Doctor.Facts;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;

namespace SystemContainers.Doctor;

/// <summary>What of the kernel sysctr and the runtimes need, and which security module watches.</summary>
static class KernelCheck
{
    private const string Name = "kernel";

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target)
    {
        string release = target.TryReadText("/proc/sys/kernel/osrelease")?.Trim() ?? "";
        List<DoctorFinding> findings = [];
        Dictionary<string, bool?> features = new()
        {
            ["openat2"] = HasOpenat2(),
            ["overlay"] = HasFileSystem(target, release, "overlay"),
            ["erofs"] = HasFileSystem(target, release, "erofs"),
            ["fs-verity"] = HasVerity(target, release),

            // mount_setattr(2): Linux 5.12, and by then every local file system in use but a few.
            ["idmapped mounts"] = Environment.OSVersion.Version >= new Version(5, 12),
            ["seccomp"] = target.TryReadText("/proc/self/status")?.Contains("\nSeccomp:", StringComparison.Ordinal),
            ["user namespaces"] =
                int.TryParse(target.TryReadText("/proc/sys/user/max_user_namespaces"), out int most) && most > 0,
        };
        string has = string.Join(", ", features.Where(f => f.Value == true).Select(f => f.Key));
        string lacks = string.Join(", ", features.Where(f => f.Value == false).Select(f => f.Key));
        findings.Add(DoctorFinding.Ok(Name, $"{release}: {has}{(lacks.Length == 0 ? "" : $"; without {lacks}")}"));
        if (features["openat2"] == false)
        {
            findings.Add(
                DoctorFinding.Warning(
                    Name,
                    "openat2(2) does not work: paths are opened a part at a time instead, which is slower",
                    "it came with Linux 5.6; in a container, its seccomp filter has to allow it"
                )
            );
        }

        if (features["seccomp"] == false)
        {
            findings.Add(
                DoctorFinding.Warning(
                    Name,
                    "no seccomp: payloads may use every system call",
                    "boot a kernel with CONFIG_SECCOMP_FILTER"
                )
            );
        }

        if (features["overlay"] == false)
        {
            findings.Add(
                DoctorFinding.Warning(
                    Name,
                    "no overlayfs: 'sysctr mount' of an image does not work",
                    "load or install the kernel module overlay"
                )
            );
        }

        findings.Add(SecurityModule(target));
        return findings;
    }

    private static DoctorFinding SecurityModule(DoctorTarget target)
    {
        string? selinux = target.TryReadText("/sys/fs/selinux/enforce")?.Trim();
        return DoctorFinding.Ok(
            "lsm",
            selinux switch
            {
                "1" => "SELinux enforces",
                "0" => "SELinux only logs",
                _ => null,
            }
                ?? (
                    Directory.Exists("/sys/kernel/security/apparmor")
                    || target.TryReadText("/sys/module/apparmor/parameters/enabled")?.StartsWith('Y') == true
                        ? "AppArmor; containers run without a profile of it unless their config.json names one"
                        : "neither SELinux nor AppArmor"
                )
        );
    }

    private static unsafe bool HasOpenat2()
    {
        using SafeFileHandle root = Libc.open("/", OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        fixed (byte* name = "proc\0"u8)
        {
            using SafeFileHandle opened = new(
                Libc.openat2(
                    root,
                    name,
                    new open_how
                    {
                        flags = (ulong)(OpenFlags.Path | OpenFlags.CloseOnExec),
                        resolve = Libc.RESOLVE_IN_ROOT,
                    }
                ),
                ownsHandle: true
            );
            return !opened.IsInvalid;
        }
    }

    /// <summary>Loaded, built in, or a module that mount(2) loads.</summary>
    private static bool? HasFileSystem(DoctorTarget target, string release, string name)
    {
        if (
            target
                .TryReadText("/proc/filesystems")
                ?.Split('\n')
                .Any(l => l.EndsWith('\t' + name, StringComparison.Ordinal)) == true
        )
        {
            return true;
        }

        string modules = $"/lib/modules/{release}";
        return ModuleList(target, modules) is { } list ? list.Contains($"/{name}.ko", StringComparison.Ordinal) : false;
    }

    private static string? ModuleList(DoctorTarget target, string modules)
    {
        StringBuilder lists = new();
        foreach (string list in (string[])["modules.dep", "modules.builtin"])
        {
            try
            {
                lists.Append(BoundedFile.ReadText(target.Root, $"{modules}/{list}", 8 << 20));
            }
            catch (IOException)
            {
                // As good as none.
            }
        }

        return lists.Length == 0 ? null : lists.ToString();
    }

    private static bool? HasVerity(DoctorTarget target, string release) =>
        File.Exists("/sys/fs/ext4/features/verity") || Directory.Exists("/proc/sys/fs/verity") ? true
        : target.TryReadText($"/boot/config-{release}") is { } configuration
            ? configuration.Contains("\nCONFIG_FS_VERITY=y", StringComparison.Ordinal)
        : File.Exists("/sys/fs/ext4/features/lazy_itable_init") ? false
        : null;
}
