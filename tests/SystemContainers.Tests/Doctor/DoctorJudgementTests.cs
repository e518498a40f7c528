// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor;
using SystemContainers.Doctor.Facts;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using Xunit;

namespace SystemContainers.Tests.Doctor;

/// <summary>What is said of things that a test can't break on its own machine: clock, mounts, room, cgroups,
/// locks.</summary>
public sealed class DoctorJudgementTests : IDisposable
{
    private static readonly DateTimeOffset s_now = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _directory = Directory.CreateTempSubdirectory("doctor-judge-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("1970-01-01", "2026-11-30", true, "Problem")]
    [InlineData("2025-12-31", "1970-01-01", true, "Problem")]
    [InlineData("2026-12-01", "2027-03-01", true, "Problem")]
    [InlineData("2026-12-01", "2026-12-01", false, "Warning")]
    [InlineData("2026-12-01", "2026-12-01", null, "Unknown")]
    [InlineData("2026-12-01", "2026-12-01", true, "Ok")]
    public void A_clock_that_can_t_be_right_is_a_problem(
        string now,
        string installed,
        bool? synchronised,
        string level
    ) => Assert.Equal(level, ClockCheck.Judge(Time(now), Time(installed), synchronised).Level.ToString());

    [Theory]
    [InlineData("ext4", "rw,relatime", "Ok")]
    [InlineData("btrfs", "rw,nodev", "Ok")]
    [InlineData("ext4", "rw,noexec", "Problem")]
    [InlineData("ext4", "ro", "Problem")]
    [InlineData("ext4", "rw,nosuid", "Warning")]
    [InlineData("vfat", "rw", "Problem")]
    [InlineData("tmpfs", "rw", "Warning")]
    [InlineData("nfs4", "rw", "Warning")]
    [InlineData("fuse.sshfs", "rw", "Warning")]
    public void A_file_system_that_can_t_hold_a_store_is_said(string type, string options, string level)
    {
        DoctorFinding[] findings = [.. StoreCheck.Judge(new MountFacts("/var", type, options.Split(',')))];

        Assert.Equal(level, findings.Max(f => f.Level).ToString());
        Assert.All(findings.Where(f => f.Level != DoctorLevel.Ok), f => Assert.NotNull(f.Remedy));
    }

    [Fact]
    public void The_mount_of_a_directory_is_the_innermost_and_the_last_of_a_place()
    {
        IReadOnlyList<MountFacts> mounts = MountFacts.Parse(
            """
            22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            30 22 0:30 / /var\040odd rw,nosuid - tmpfs tmpfs rw,size=1k
            31 22 8:2 / /var rw - xfs /dev/sdb rw
            32 31 8:3 / /var/lib rw - ext4 /dev/sdc rw
            33 31 8:4 / /var/lib rw,noexec master:3 propagate_from:2 - btrfs /dev/sdd ro
            nonsense
            """
        );

        Assert.Equal("ext4", MountFacts.Of(mounts, "/variant")!.Type);
        Assert.Equal("tmpfs", MountFacts.Of(mounts, "/var odd/x")!.Type);
        Assert.Equal("xfs", MountFacts.Of(mounts, "/var")!.Type);
        Assert.Equal(
            ("btrfs", true, true),
            (
                MountFacts.Of(mounts, "/var/lib/sysctr")!.Type,
                MountFacts.Of(mounts, "/var/lib/sysctr")!.Options.Contains("noexec"),
                MountFacts.Of(mounts, "/var/lib/sysctr")!.Options.Contains("ro")
            )
        );
    }

    [Theory]
    [InlineData(100_000, 90_000, 1000L, "Ok")]
    [InlineData(100_000, 90_000, null, "Ok")]
    [InlineData(100_000, 5_400, 1_000_000L, "Warning")]
    [InlineData(100_000, 500, 1_000_000L, "Problem")]
    [InlineData(100_000, 0, 1_000_000L, "Problem")]
    [InlineData(100_000, 90_000, 50L, "Problem")]
    [InlineData(100_000, 90_000, 500L, "Warning")]
    public void A_store_without_room_is_said_before_a_pull_fails(
        int totalMegabytes,
        int freeMegabytes,
        long? inodes,
        string level
    )
    {
        DoctorFinding found = SpaceCheck.Store(
            "/var/lib/sysctr",
            new FileSystemSpace(
                totalMegabytes * 1_000_000L,
                freeMegabytes * 1_000_000L,
                freeMegabytes * 1_000_000L,
                inodes
            ),
            kept: 500_000_000
        );

        Assert.Equal(level, found.Level.ToString());
    }

    [Theory]
    [InlineData("cpuset cpu io memory pids", "Ok")]
    [InlineData("cpu io", "Warning")]
    [InlineData("", "Warning")]
    [InlineData(null, "Problem")]
    public void Limits_that_would_not_hold_are_said(string? controllers, string level)
    {
        if (controllers is not null)
        {
            File.WriteAllText(Path.Combine(_directory, "cgroup.controllers"), controllers + "\n");
        }

        Assert.Equal(level, Assert.Single(CgroupCheck.Run(new DoctorTarget("/", null), _directory)).Level.ToString());
    }

    [Fact]
    public void Waiters_of_a_lock_hold_nothing()
    {
        Dictionary<(string, ulong), string> files = new() { [("08:01", 77)] = "etcd", [("08:01", 78)] = "+store" };

        IReadOnlyList<LockCheck.HeldLock> held = LockCheck.Parse(
            """
            1: FLOCK  ADVISORY  WRITE 1234 08:01:77 0 EOF
            1: -> FLOCK  ADVISORY  WRITE 1300 08:01:77 0 EOF
            2: FLOCK  ADVISORY  READ  0 08:01:78 0 EOF
            3: POSIX  ADVISORY  WRITE 1400 08:01:77 0 EOF
            4: FLOCK  ADVISORY  WRITE 1500 08:02:77 0 EOF
            """,
            files
        );

        Assert.Equal([new("etcd", 1234), new("+store", 0)], held);
    }

    [Fact]
    public void The_probe_leaves_nothing_behind()
    {
        DateTime before = Directory.GetLastWriteTimeUtc(_directory);

        DoctorFinding[] findings = [.. StoreProbe.Run("store", _directory)];

        Assert.NotEmpty(findings);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
        Assert.Equal(before, Directory.GetLastWriteTimeUtc(_directory));
    }

    [Fact]
    public void This_machine_s_kernel_can_be_asked()
    {
        IReadOnlyList<DoctorFinding> findings = KernelCheck.Run(new DoctorTarget("/", null));

        Assert.Contains(
            findings,
            f =>
                f.Check == "kernel"
                && f.Found.Contains("openat2", StringComparison.Ordinal)
                && f.Found.Contains("seccomp", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(findings, f => f.Level == DoctorLevel.Problem);
        Assert.NotNull(KernelClock.IsSynchronised);
        Assert.True(ClockCheck.Judge(s_now, s_now, null).Remedy is null);
    }

    private static DateTimeOffset Time(string date) =>
        DateTimeOffset.Parse(date + "T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
}
