// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.SystemdText;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// The host's devices in the container's /dev, for a crun whose unit's sandbox keeps it from making nodes of its own:
/// without CAP_MKNOD (PrivateDevices=) it fails, and without openat2(2) (RestrictSUIDSGID=) every crun before 1.29
/// looks for what it has just made in the wrong directory ("cannot resolve `null` under rootfs": libcrun_create_dev
/// gives safe_openat_fallback the root's path with /dev's handle). What stands there already it leaves alone.
/// </summary>
static class DeviceBinds
{
    private const string StatusFile = "/proc/self/status";

    /// <summary>What each container has (runtime-spec, config-linux.md, Default Devices), /dev/console and /dev/ptmx
    /// aside, which no runtime makes as nodes.</summary>
    private static readonly string[] s_default =
    [
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/tty",
        "/dev/random",
        "/dev/urandom",
    ];

    /// <summary>Whether this process may not make device nodes as crun does.</summary>
    public static bool AreNeeded(RuntimeKind kind) =>
        kind == RuntimeKind.Crun
        && Libc.geteuid() == 0
        && (!RestrictedOpen.IsSupported || !MayMakeNodes(File.ReadLines(StatusFile)));

    /// <summary>Binds them, last of all mounts. A /dev that is somebody else's directory has its own; a device that the
    /// host has otherwise, or not, stays the runtime's to make.</summary>
    /// <param name="document">config.json.</param>
    /// <param name="onHost">The number of a character or block device of the host, null where there is none:
    /// <see cref="DeviceNumber"/>.</param>
    public static void Add(JsonObject document, Func<string, (char Type, uint Major, uint Minor)?> onHost)
    {
        JsonArray mounts = document["mounts"] as JsonArray ?? [];
        document["mounts"] = mounts;
        if (mounts.Any(m => IsPlace(m, "/dev") && m?["type"]?.ToString() != "tmpfs"))
        {
            return;
        }

        IEnumerable<string> asked = (document["linux"]?["devices"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Where(d => IsOf(d, onHost))
            .Select(d => d["path"]!.ToString());
        foreach (
            string path in s_default
                .Where(p => onHost(p) is not null)
                .Concat(asked)
                .Distinct(StringComparer.Ordinal)
                .Where(p => !mounts.Any(m => IsPlace(m, p)))
                .ToArray()
        )
        {
            BundleConfig.AddBind(document, path, path, "nosuid", "noexec", "private");
        }
    }

    /// <summary>As <see cref="Add"/> asks for it, of the host that we run on.</summary>
    public static (char Type, uint Major, uint Minor)? DeviceNumber(string path)
    {
        using SafeFileHandle handle = Libc.open(path, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (
            handle.IsInvalid
            || Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0
        )
        {
            return null;
        }

        uint kind = stat.stx_mode & Libc.S_IFMT;
        return kind == Libc.S_IFCHR || kind == Libc.S_IFBLK
            ? (kind == Libc.S_IFCHR ? 'c' : 'b', stat.stx_rdev_major, stat.stx_rdev_minor)
            : null;
    }

    /// <param name="status">Lines of /proc/PID/status.</param>
    internal static bool MayMakeNodes(IEnumerable<string> status)
    {
        const string Effective = "CapEff:";
        string? line = status.FirstOrDefault(l => l.StartsWith(Effective, StringComparison.Ordinal));
        return line is null
            || Capabilities
                .FromMask(
                    ulong.Parse(
                        line[Effective.Length..].Trim(),
                        NumberStyles.AllowHexSpecifier,
                        CultureInfo.InvariantCulture
                    )
                )
                .Contains("CAP_MKNOD", StringComparer.Ordinal);
    }

    private static bool IsPlace(JsonNode? mount, string path) => mount?["destination"]?.ToString().TrimEnd('/') == path;

    private static bool IsOf(JsonObject device, Func<string, (char Type, uint Major, uint Minor)?> onHost) =>
        device["path"]?.ToString() is { } path
        && onHost(path) is var (type, major, minor)
        && IsType(device["type"]?.ToString(), type)
        && device["major"]?.ToString() == major.ToString(CultureInfo.InvariantCulture)
        && device["minor"]?.ToString() == minor.ToString(CultureInfo.InvariantCulture);

    /// <summary>"u" is a character device without a buffer, which Linux does not know apart.</summary>
    private static bool IsType(string? asked, char found) =>
        asked == found.ToString() || (asked == "u" && found == 'c');
}
