// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Doctor.Facts;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;
using SystemContainers.Store;

namespace SystemContainers.Doctor;

/// <summary>
/// Who holds the store's locks. The kernel releases those of the dead, so a lock is stale only where its process lives:
/// stopped, hung, or none of ours. Read from /proc/locks (proc_locks(5)), so that looking holds nobody up.
/// </summary>
static class LockCheck
{
    private const string Name = "locks";

    /// <summary>How long others wait before they give up.</summary>
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(10);

    /// <summary>A lock that somebody has.</summary>
    /// <param name="What">A container's name, or what else the lock is of.</param>
    /// <param name="Process">Whose id; 0 where the kernel does not say.</param>
    internal sealed record HeldLock(string What, int Process);

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target)
    {
        DoctorFinding[] odd = [.. Odd(target)];
        DoctorFinding[] held =
        [
            .. Held(target).GroupBy(l => l.Process).Select(g => Judge([.. g.Select(l => l.What)], g.Key)),
        ];
        return [.. odd, .. held.Length + odd.Length > 0 ? held : [DoctorFinding.Ok(Name, "no sysctr is at work")]];
    }

    /// <summary>The locks that somebody has.</summary>
    internal static IReadOnlyList<HeldLock> Held(DoctorTarget target)
    {
        string directory = Path.Join(target.Store, "locks");
        if (!Directory.Exists(directory))
        {
            return [];
        }

        Dictionary<(string Device, ulong Inode), string> files = [];
        foreach (string file in Directory.GetFiles(directory, "*.lock"))
        {
            if (FileFacts.Of(file) is { } facts)
            {
                files[($"{facts.Device.Major:x2}:{facts.Device.Minor:x2}", facts.Inode)] =
                    Path.GetFileNameWithoutExtension(file);
            }
        }

        return Parse(BoundedFile.ReadText("/", "/proc/locks", 16 << 20) ?? "", files);
    }

    /// <summary>
    /// Whether somebody has a lock. Where the kernel's table names another inode than statx(2), as for files of btrfs
    /// and overlayfs, it is asked for by locking, and given back at once; done only for what looks abandoned.
    /// </summary>
    internal static bool IsHeld(DoctorTarget target, string what, IReadOnlyList<HeldLock> locks)
    {
        string file = Path.Join(target.Store, "locks", what + ".lock");
        if (locks.Any(l => l.What == what))
        {
            return true;
        }

        if (!File.Exists(file))
        {
            return false;
        }

        using SafeFileHandle? taken = StoreLocks.TryLock(file, create: false);
        return taken is null;
    }

    /// <summary>Reads /proc/locks: <c>1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF</c>; a waiter has <c>-></c>
    /// behind its number.</summary>
    internal static IReadOnlyList<HeldLock> Parse(
        string table,
        IReadOnlyDictionary<(string Device, ulong Inode), string> files
    )
    {
        List<HeldLock> held = [];
        foreach (string line in table.Split('\n'))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (
                fields is [_, "FLOCK", _, _, string process, string place, ..]
                && place.LastIndexOf(':') is > 0 and int colon
                && ulong.TryParse(
                    place.AsSpan(colon + 1),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out ulong inode
                )
                && files.TryGetValue((place[..colon], inode), out string? what)
            )
            {
                held.Add(
                    new HeldLock(
                        what,
                        int.TryParse(process, CultureInfo.InvariantCulture, out int id) && id > 0 ? id : 0
                    )
                );
            }
        }

        return held;
    }

    private static DoctorFinding Judge(string[] what, int process)
    {
        string things = string.Join(", ", what.Distinct(StringComparer.Ordinal).Select(Words));
        if (process == 0)
        {
            return DoctorFinding.Warning(
                Name,
                $"{things}: locked by a process that can't be seen from here",
                "look for a sysctr in another container or namespace, and wait for it or end it"
            );
        }

        string program = Read($"/proc/{process}/comm").Trim();
        string state =
            Read($"/proc/{process}/status")
                .Split('\n')
                .FirstOrDefault(l => l.StartsWith("State:", StringComparison.Ordinal))
            ?? "";
        TimeSpan age = Age(process);
        string holder =
            $"{things}: locked by {program} ({process}) for {(age.TotalHours >= 1 ? $"{age.TotalHours:0} h" : age.TotalMinutes >= 1 ? $"{age.TotalMinutes:0} min" : $"{age.TotalSeconds:0} s")}";
        return state.Contains("\tT", StringComparison.Ordinal) || state.Contains("\tt", StringComparison.Ordinal)
                ? DoctorFinding.Warning(
                    Name,
                    $"{holder}, which is stopped: every other sysctr waits for it",
                    $"'kill -CONT {process}' lets it go on; 'kill {process}' ends it, and the next call of sysctr tidies up"
                )
            : !program.StartsWith("sysctr", StringComparison.Ordinal)
                ? DoctorFinding.Warning(
                    Name,
                    $"{holder}, which is no sysctr",
                    $"see what it is ('ps {process}'), and end it"
                )
            : age > s_long
                ? DoctorFinding.Warning(
                    Name,
                    $"{holder}: others have given up waiting",
                    $"see what it does ('ps {process}'); 'kill {process}' ends it, and the next call of sysctr tidies up"
                )
            : DoctorFinding.Ok(Name, holder);
    }

    /// <summary>What stands in the place of a lock file and is none keeps everybody out.</summary>
    private static IEnumerable<DoctorFinding> Odd(DoctorTarget target)
    {
        string directory = Path.Join(target.Store, "locks");
        return from entry in Directory.Exists(directory) ? Directory.GetFileSystemEntries(directory, "*.lock") : []
               where Directory.Exists(entry) || FileFacts.Of(entry) is { IsLink: true }
               select DoctorFinding.Problem(
                   Name,
                   $"{entry} is no lock file: nobody can lock {Words(Path.GetFileNameWithoutExtension(entry))}",
                   "remove it"
               );
    }

    private static string Words(string what) =>
        what switch
        {
            "+store" => "the store",
            "+rollout" => "this host's part of a roll-out",
            "+mounts" => "mounts",
            _ => $"'{what}'",
        };

    private static TimeSpan Age(int process)
    {
        // Its directory is as old as the first look at it; the start is in ticks of 1/100 s since boot
        // (proc_pid_stat(5), sysconf(3)).
        return
            long.TryParse(ProcessStat.Find(process)?.Start, CultureInfo.InvariantCulture, out long ticks)
            && double.TryParse(Read("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture, out double up)
            ? TimeSpan.FromSeconds(Math.Max(0, up - (ticks / 100.0)))
            : TimeSpan.Zero;
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
