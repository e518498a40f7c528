// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Bundle;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Templates;

namespace SystemContainers.Runtime;

/// <summary>Where mounts lead: their sources by device and path, whatever they are called, and the links on the way
/// there.</summary>
sealed partial class MountGuard
{
    /// <summary>Options of an overlay that name directories (mount(8)).</summary>
    private static readonly string[] s_overlayDirectories =
    [
        "lowerdir=",
        "lowerdir+=",
        "datadir+=",
        "upperdir=",
        "workdir=",
    ];

    /// <summary>Whoever gets to write one of these rules the host, and needs no link to reach the rest of it.</summary>
    private static readonly string[] s_rulers = ["/etc", "/usr", "/boot", "/dev", "/proc", "/sys"];

    /// <summary>The kernel's own file systems: the links there are the kernel's and udev's.</summary>
    private static readonly string[] s_kernel = ["/dev", "/proc", "/sys"];

    /// <summary>The host as it is at one moment.</summary>
    private sealed class View(MountGuard guard, JsonObject[] own)
    {
        private readonly IReadOnlyList<MountEntry> _mounts = MountTable.Read();
        private FileLocation[]? _places;
        private FileLocation[]? _ofPayload;
        private FileLocation[]? _ofOthers;

        private FileLocation[] Places => _places ??= [.. guard._protected.Select(Locate)];

        /// <summary>Where the payload itself can put links: below all that it gets to write.</summary>
        private FileLocation[] OfPayload =>
            _ofPayload ??= Writable(own.Where(m => IsBind(m) && IsWritable(m)).Select(m => Text(m, "source")));

        private FileLocation[] OfOthers => _ofOthers ??= Writable(guard._others());

        /// <returns>Paths below its source that have to be covered.</returns>
        /// <exception cref="IOException">It is refused; says why.</exception>
        public List<string> Check(JsonObject mount)
        {
            string type = Text(mount, "type");
            string source = Text(mount, "source");
            if (IsBind(mount))
            {
                return source.StartsWith('/')
                    ? CheckSource(mount, source)
                    : throw new IOException(
                        "a source that is not absolute is below the container's own bundle, which is in the store"
                    );
            }

            if (type == "overlay")
            {
                foreach (string directory in Options(mount).SelectMany(OverlayDirectories))
                {
                    if (!directory.StartsWith('/') || CheckSource(mount, directory).Count > 0)
                    {
                        throw new IOException($"the layer {directory} holds the store of sysctr");
                    }
                }
            }
            else if (source.StartsWith('/') && !s_virtual.Contains(type, StringComparer.Ordinal))
            {
                CheckDevice(source);
            }

            return [];
        }

        private List<string> CheckSource(JsonObject mount, string source)
        {
            if (HostPath.LeadsUpwards(source))
            {
                throw new IOException("a source must not have '..'");
            }

            if (IsOwnHelper(mount, source) || guard.OwnSources.Contains(source, StringComparer.Ordinal))
            {
                return [];
            }

            using SafeFileHandle? opened = guard._here is null ? GuardedPath.Open(source, Refusal) : null;
            FileLocation location = opened is null ? Locate(source) : FileLocation.Of(opened, _mounts);
            if (Array.Find(Places, location.IsIn) is not null)
            {
                if (IsMountedTree(mount, source, location))
                {
                    return [];
                }

                throw new IOException($"it leads to {location.Path} of its file system, which is sysctr's own");
            }

            List<string> covers = [.. Places.Where(p => p.IsIn(location)).Select(p => p.From(location))];
            if (Options(mount).Contains("rbind", StringComparer.Ordinal))
            {
                covers.AddRange(CoversBelow(opened is null ? Here(source) : PathOf(opened)));
            }

            return covers;
        }

        /// <summary>What is mounted below a source comes along, and may lead to our places in its turn.</summary>
        private IEnumerable<string> CoversBelow(string directory)
        {
            string prefix = directory == "/" ? "/" : directory + "/";
            foreach (
                MountEntry mount in _mounts.Where(m =>
                    m.Point.StartsWith(prefix, StringComparison.Ordinal) && m.Point.Length > prefix.Length
                )
            )
            {
                FileLocation root = new(mount.Device, mount.Root);
                string relative = mount.Point[(prefix.Length - 1)..];
                foreach (FileLocation place in Places)
                {
                    if (root.IsIn(place))
                    {
                        yield return relative;
                    }
                    else if (place.IsIn(root))
                    {
                        yield return relative + place.From(root);
                    }
                }
            }
        }

        /// <summary>A block device holds its file system with all that is in it.</summary>
        private void CheckDevice(string source)
        {
            using SafeFileHandle handle = Libc.open(Here(source), OpenFlags.Path | OpenFlags.CloseOnExec, 0);
            if (
                handle.IsInvalid
                || Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0
            )
            {
                return;
            }

            string device = $"{stat.stx_rdev_major}:{stat.stx_rdev_minor}";
            bool isOfStore =
                (stat.stx_mode & Libc.S_IFMT) == Libc.S_IFBLK
                && Places.Any(p => p.Device == device || DevicesOf(p).Contains(device, StringComparer.Ordinal));
            if (isOfStore || Array.Find(Places, Locate(source).IsIn) is not null)
            {
                throw new IOException("the store of sysctr is on that device");
            }
        }

        /// <summary>Some file systems (btrfs) have numbers of their own; what they were mounted from says which device
        /// it is.</summary>
        private IEnumerable<string> DevicesOf(FileLocation place)
        {
            foreach (
                string source in _mounts
                    .Where(m => m.Device == place.Device && m.Source.StartsWith('/'))
                    .Select(m => m.Source)
                    .Distinct(StringComparer.Ordinal)
            )
            {
                using SafeFileHandle handle = Libc.open(source, OpenFlags.Path | OpenFlags.CloseOnExec, 0);
                if (
                    !handle.IsInvalid
                    && Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
                )
                {
                    yield return $"{stat.stx_rdev_major}:{stat.stx_rdev_minor}";
                }
            }
        }

        /// <summary>Why a link in a directory is not followed; null where it is.</summary>
        public string? Refusal(SafeFileHandle directory)
        {
            if (Libc.statx(directory, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
            {
                return "its directory can't be looked at";
            }

            if (!HostOwners.IsTrusted(stat))
            {
                return "others than root can write in its directory";
            }

            FileLocation location = FileLocation.Of(directory, _mounts);
            return Array.Exists(OfPayload, location.IsIn) ? "the payload can write in its directory"
                : !IsRuled(directory) && Array.Exists(OfOthers, location.IsIn)
                    ? "another container can write in its directory"
                : null;
        }

        /// <summary>Asked before all configurations are read, which takes its time.</summary>
        private static bool IsRuled(SafeFileHandle directory)
        {
            string path = PathOf(directory);
            return path is "/" or "/var" or "/var/lib" or "/etc"
                || s_systemTrees.Any(r => path == r || HostPath.IsBelow(path, r));
        }

        /// <summary>Who gets to write a directory that rules the host needs no link to reach the rest of it.</summary>
        private FileLocation[] Writable(IEnumerable<string> sources) =>
            [
                .. sources
                    .Where(s =>
                        s.StartsWith('/')
                        && !s_rulers.Contains(HostPath.Absolute(s), StringComparer.Ordinal)
                        && !s_kernel.Any(r => HostPath.IsBelow(HostPath.Absolute(s), r))
                    )
                    .Select(Locate)
                    .Where(l => !Places[0].IsIn(l)),
            ];

        /// <summary>sysctr-listen is bound into a container from its deployment, read-only; that one file is meant to
        /// be seen.</summary>
        private bool IsOwnHelper(JsonObject mount, string source) =>
            guard._bundle is { } bundle
            && Path.GetDirectoryName(source) == bundle
            && !IsWritable(mount)
            && Path.GetFileName(source).StartsWith("sysctr-listen", StringComparison.Ordinal);

        /// <summary>The files of other images that a container mounts are in its deployment, too, and are meant to be
        /// read. The config.json of a single command is elsewhere; it is that of a deployment, which was looked at when
        /// that was installed.</summary>
        private bool IsMountedTree(JsonObject mount, string source, FileLocation location) =>
            guard._bundle is { } bundle
            && !IsWritable(mount)
            && !Options(mount).Contains("rbind", StringComparer.Ordinal)
            && MountedTrees.TreeOf(source) is { } tree
            && (Path.GetDirectoryName(tree) == bundle || !Locate(bundle).IsIn(Places[0]))
            && location.IsIn(Locate(tree));

        private string Here(string path) => guard._here is { } here ? here(path) : path;

        private FileLocation Locate(string path) => FileLocation.Of(Here(path), _mounts);

        private static string PathOf(SafeFileHandle handle) =>
            new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget!;

        private static IEnumerable<string> OverlayDirectories(string options) =>
            options
                .Split(',')
                .Where(o => s_overlayDirectories.Any(d => o.StartsWith(d, StringComparison.Ordinal)))
                .SelectMany(o =>
                    o[(o.IndexOf('=', StringComparison.Ordinal) + 1)..]
                        .Split(':', StringSplitOptions.RemoveEmptyEntries)
                );
    }
}
