// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using SystemContainers.Runtime.Holes;
using Xunit;

namespace SystemContainers.Tests.Runtime.Holes;

/// <summary>Which known holes a runtime is said to have: by its version, by what its package's changelog names, and
/// what nobody can tell.</summary>
public sealed class RuntimeExaminerTests : IDisposable
{
    private static readonly string[] s_of2025 = ["CVE-2025-31133", "CVE-2025-52565", "CVE-2025-52881"];

    private readonly string _root = Directory.CreateTempSubdirectory("holes-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_version_alone_decides_where_no_package_owns_the_runtime()
    {
        RuntimeExamination old = RuntimeExaminer.Judge("/usr/local/bin/runc", "runc", "1.1.5", null, null);
        RuntimeExamination fresh = RuntimeExaminer.Judge("/usr/local/bin/runc", "runc", "1.4.3", null, null);

        Assert.Equal(["CVE-2024-21626", "CVE-2024-45310", .. s_of2025, "CVE-2026-41579"], old.Open.Select(h => h.Id));
        Assert.Empty(old.Unknown);
        Assert.Empty(fresh.Open.Concat(fresh.Unknown));
        Assert.Null(fresh.Warning);
        Assert.Contains("CVE-2025-31133", old.Warning, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", old.Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changelog_closes_what_it_names_and_nothing_else()
    {
        // As Debian 13's of November 2026, in words of our own: two of the three of 2025 are named.
        RuntimeExamination examined = Judge(
            "1.1.15+ds1",
            Entry(
                "1.1.15+ds1-2+deb13u1",
                "  * Backport fixes:",
                "    + CVE-2025-31133: masked paths",
                "    + CVE-2025-52565,",
                "      and CVE-2026-41579"
            )
        );

        Assert.Equal(["CVE-2025-52881"], examined.Open.Select(h => h.Id));
        Assert.Empty(examined.Unknown);
    }

    [Theory]
    [InlineData("  * CVE-2025-31133: masked paths", "Closed")]
    [InlineData("  * Fix cve-2025-31133", "Closed")]
    [InlineData("  * CVE-2025-311330: something else", "Open")]
    [InlineData("  * Nothing of the kind", "Open")]
    [InlineData("  * CVE-2025-31133 is not fixed yet", "Unknown")]
    [InlineData("  * Revert the patch for\n    CVE-2025-31133, for it breaks exec", "Unknown")]
    [InlineData("  * Drop the fix of CVE-2025-31133", "Unknown")]
    [InlineData("  * Drop a test\n  * Fix CVE-2025-31133", "Closed")]
    public void What_is_said_of_a_hole_counts_and_not_that_it_is_named(string line, string state) =>
        Assert.Equal(state, new PackageChangelog("1", Entry("1.1.15-1", line)).StateOf("CVE-2025-31133").ToString());

    [Fact]
    public void The_newest_entry_counts() =>
        Assert.Equal(
            HoleState.Unknown,
            new PackageChangelog(
                "1",
                Entry("1.1.15-3", "  * Revert the fix of CVE-2025-31133") + Entry("1.1.15-2", "  * Fix CVE-2025-31133")
            ).StateOf("CVE-2025-31133")
        );

    [Fact]
    public void What_was_cut_off_of_a_changelog_could_have_named_older_holes()
    {
        PackageChangelog changelog = new(
            "1",
            Entry("1.1.5-2", "  * Rebuild") + "# Older entries have been removed from this changelog.\n"
        );

        Assert.Equal(HoleState.Unknown, changelog.StateOf("CVE-2024-21626"));
        Assert.Equal(HoleState.Open, changelog.StateOf("CVE-2026-41579"));
    }

    [Fact]
    public void A_package_without_a_changelog_leaves_it_unknown()
    {
        RuntimeExamination examined = RuntimeExaminer.Judge("/usr/bin/runc", "runc", "1.1.15", "runc", null);

        Assert.Empty(examined.Open);
        Assert.Equal([.. s_of2025, "CVE-2026-41579"], examined.Unknown.Select(h => h.Id));
        Assert.Contains("may have", examined.Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_that_stands_in_the_place_of_the_package_s_is_judged_by_its_own_version()
    {
        RuntimeExamination examined = Judge(
            "1.1.9",
            Entry(
                "1.1.15+ds1-2",
                "  * CVE-2025-31133, CVE-2025-52565, CVE-2025-52881, CVE-2026-41579, CVE-2024-21626, CVE-2024-45310"
            )
        );

        Assert.Contains("CVE-2024-21626", examined.Open.Select(h => h.Id));
        Assert.Contains("not that of the package", examined.Basis, StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_that_nobody_says_leaves_everything_unknown()
    {
        RuntimeExamination examined = RuntimeExaminer.Judge("/opt/crun", "crun", null, null, null);

        Assert.Equal(
            KnownHole.All.Where(h => h.Program == "crun").Select(h => h.Id),
            examined.Unknown.Select(h => h.Id)
        );
    }

    [Fact]
    public void Of_another_program_nothing_is_known()
    {
        RuntimeExamination examined = RuntimeExaminer.Judge("/opt/youki", "youki", "0.3.0", null, null);

        Assert.False(examined.IsKnown);
        Assert.Null(examined.Warning);
    }

    [Fact]
    public async Task A_system_below_a_directory_is_judged_by_its_package_and_nothing_of_it_is_run()
    {
        Program("usr/sbin/runc", "#!/bin/sh\ntouch \"$0.was-run\"\necho runc version 9.9.9\n");
        Write("var/lib/dpkg/info/runc.list", "/.\n/usr/sbin\n/usr/sbin/runc\n");
        WriteChangelog("runc", Entry("1.1.5+ds1-1+deb12u1", "  * CVE-2024-21626: leaked descriptors"));

        RuntimeExamination examined = await new RuntimeExaminer(_root).ExamineAsync(
            "/usr/sbin/runc",
            TestContext.Current.CancellationToken
        );

        Assert.Equal(["CVE-2024-45310", .. s_of2025, "CVE-2026-41579"], examined.Open.Select(h => h.Id));
        Assert.Equal(("runc", "1.1.5+ds1-1+deb12u1"), (examined.Package, examined.Version));
        Assert.False(File.Exists(Path.Combine(_root, "usr/sbin/runc.was-run")));
    }

    [Fact]
    public async Task The_runtimes_of_this_machine_are_judged_by_their_packages_in_no_time()
    {
        Stopwatch watch = Stopwatch.StartNew();

        RuntimeExamination runc = await new RuntimeExaminer("/").ExamineAsync(
            "/usr/sbin/runc",
            TestContext.Current.CancellationToken
        );
        RuntimeExamination crun = await new RuntimeExaminer("/").ExamineAsync(
            "/usr/bin/crun",
            TestContext.Current.CancellationToken
        );

        Assert.Equal(("runc", "runc"), (runc.Program, runc.Package));
        Assert.Equal(("crun", "crun"), (crun.Program, crun.Package));
        Assert.DoesNotContain("CVE-2024-21626", runc.Open.Concat(runc.Unknown).Select(h => h.Id));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task One_that_may_not_be_run_is_not_run()
    {
        string odd = Program("opt/runc", "#!/bin/sh\ntouch \"$0.was-run\"\necho runc version 9.9.9\n");

        RuntimeExamination examined = await new RuntimeExaminer("/") { MayRun = false }.ExamineAsync(
            odd,
            TestContext.Current.CancellationToken
        );

        Assert.False(File.Exists(odd + ".was-run"));
        Assert.NotEmpty(examined.Unknown);
    }

    [Trait("needs", "time")]
    [Fact]
    public async Task One_that_does_not_answer_is_not_waited_for()
    {
        string hanging = Program("usr/bin/crun", "#!/bin/sh\nexec sleep 600\n");
        Stopwatch watch = Stopwatch.StartNew();

        RuntimeExamination examined = await new RuntimeExaminer("/").ExamineAsync(
            hanging,
            TestContext.Current.CancellationToken
        );

        Assert.Equal("", examined.Answer);
        Assert.NotEmpty(examined.Unknown);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}");
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("bomb")]
    [InlineData("garbage")]
    public void A_changelog_that_can_t_be_read_is_none(string what)
    {
        string file = Path.Combine(_root, "usr/share/doc/runc/changelog.Debian.gz");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        switch (what)
        {
            case "fifo":
                Process.Start("mkfifo", [file]).WaitForExit();
                break;
            case "bomb":
                using (GZipStream gzip = new(File.Create(file), CompressionLevel.Fastest))
                {
                    byte[] zeroes = new byte[1 << 20];
                    for (int i = 0; i < 300; i++)
                    {
                        gzip.Write(zeroes);
                    }
                }

                break;
            default:
                File.WriteAllText(file, "no gzip");
                break;
        }

        Assert.Null(PackageChangelog.OfDebian(_root, "runc"));
    }

    private static RuntimeExamination Judge(string version, string changelog) =>
        RuntimeExaminer.Judge(
            "/usr/sbin/runc",
            "runc",
            version,
            "runc",
            new PackageChangelog(changelog.Split('(', ')')[1], changelog)
        );

    private static string Entry(string version, params string[] lines) =>
        $"runc ({version}) stable; urgency=medium\n\n{string.Join('\n', lines)}\n\n -- A Maintainer <a@example.org>  Fri, 06 Feb 2026 21:53:05 +0000\n\n";

    private string Program(string path, string script)
    {
        string file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        TestProgram.Write(file, script);
        return file;
    }

    private string Write(string path, string text)
    {
        string file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    private void WriteChangelog(string package, string text)
    {
        string file = Write($"usr/share/doc/{package}/changelog.Debian.gz", "");
        using GZipStream gzip = new(File.Create(file), CompressionLevel.Fastest);
        gzip.Write(Encoding.UTF8.GetBytes(text));
    }
}
