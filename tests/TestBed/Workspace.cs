// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.TestBed;

/// <summary>Where things lie in this checkout.</summary>
public static class Workspace
{
    /// <summary>The directory of SystemContainers.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>What is made for tests and worth keeping; several work trees may share one.</summary>
    public static string CacheRoot { get; } =
        Environment.GetEnvironmentVariable("SYSCTR_CACHE") is { Length: > 0 } given
            ? Path.GetFullPath(given)
            : Path.Combine(Root, ".cache");

    /// <summary>
    /// What hosts need while they run: in /dev/shm, where a host starts in half the time, if programs may run there and
    /// it and memory have room for all of them; else in the cache. SYSCTR_SCRATCH says otherwise.
    /// </summary>
    public static string ScratchRoot { get; } =
        Environment.GetEnvironmentVariable("SYSCTR_SCRATCH") is { Length: > 0 } given ? Path.GetFullPath(given)
        : HasRoomInMemory() ? "/dev/shm/sysctr-tests"
        : Path.Combine(CacheRoot, "tmp");

    /// <summary>The published binaries (<c>make build</c>).</summary>
    public static string Artifacts { get; } = Path.Combine(Root, "artifacts");

    /// <summary>The sources of the test images.</summary>
    public static string Images { get; } = Path.Combine(Root, "tests/images");

    private static bool HasRoomInMemory()
    {
        const long wanted = 10L << 30;
        // "MemAvailable: 22806152 kB" (proc_meminfo(5)); "tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0"
        // (proc_pid_mounts(5)).
        string available = File.ReadLines("/proc/meminfo")
            .First(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        string[]? mount = File.ReadLines("/proc/self/mounts")
            .Select(l => l.Split(' '))
            .LastOrDefault(f => f[1] == "/dev/shm");
        return long.Parse(available.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
                * 1024
                >= wanted
            && mount is not null
            && !mount[3].Split(',').Intersect(["ro", "noexec", "nosuid", "nodev"]).Any()
            && new DriveInfo("/dev/shm").AvailableFreeSpace >= wanted;
    }

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "SystemContainers.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException(
            $"{AppContext.BaseDirectory} does not lie in a checkout: no SystemContainers.sln above it"
        );
    }
}
