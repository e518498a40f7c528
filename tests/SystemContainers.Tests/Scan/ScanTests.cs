// SPDX-License-Identifier: Apache-2.0

using System.IO.Compression;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Mounts;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Scan;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Scan;

/// <summary>Deployments are shown to real scanners, and to programs that do what a scanner should not.</summary>
[Trait("needs", "root")]
[Trait("needs", "programs")]
public sealed class ScanTests : IAsyncLifetime
{
    private const string Bad = "this text stands for malware of the test\n";

    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-scan-").FullName;
    private readonly List<string> _notes = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Root => _base + "/root";

    public async ValueTask InitializeAsync()
    {
        foreach (
            string directory in (string[])
                ["etc/systemd/system", "etc/containers", "usr/bin", "usr/lib/systemd/system", "var/lib", "run"]
        )
        {
            Directory.CreateDirectory(Path.Combine(Root, directory));
        }

        foreach (string program in (string[])["runc", "sysctr"])
        {
            await File.WriteAllTextAsync($"{Root}/usr/bin/{program}", "", Cancellation);
        }

        const string status =
            "Package: libbad\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: nobody\nDescription: d\n\n";
        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n")
            .File("/var/lib/dpkg/status", status)
            .WriteAsync(_base + "/clean");
        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n")
            .File("/usr/bin/hidden", Bad)
            .WriteAsync(_base + "/bad");
        using Host host = Host.Open(Root, _notes.Add);
        foreach (string name in (string[])["clean", "bad"])
        {
            await new InstallOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
                [new InstallRequest($"oci:{_base}/{name}:latest") { Name = name }],
                now: false,
                StartPolicy.Default,
                Cancellation
            );
        }
    }

    public ValueTask DisposeAsync()
    {
        TreeRemoval.Remove(_base);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task ClamAV_finds_what_its_signatures_name()
    {
        string signatures = $"{_base}/test.ndb";
        await File.WriteAllTextAsync(
            signatures,
            $"Test.Malware:0:*:{Convert.ToHexStringLower(Encoding.ASCII.GetBytes(Bad.Trim()))}\n",
            Cancellation
        );
        Scanner clamav = Shipped("clamav");
        clamav = clamav with { Command = [clamav.Command[0], "--database", signatures, .. clamav.Command.Skip(1)] };

        ScanReport clean = await ScanAsync("clean", clamav),
            bad = await ScanAsync("bad", clamav);

        Assert.True(clean.Verdict == ScanVerdict.Clean, clean.Error);
        Assert.Equal((ScanVerdict.Found, 1), (bad.Verdict, bad.ExitStatus));
        Assert.EndsWith(
            "/usr/bin/hidden: Test.Malware.UNOFFICIAL FOUND",
            Assert.Single(bad.Output!),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ClamAV_passes_over_nothing()
    {
        string signatures = $"{_base}/test.ndb";
        await File.WriteAllTextAsync(
            signatures,
            $"Test.Malware:0:*:{Convert.ToHexStringLower(Encoding.ASCII.GetBytes(Bad.Trim()))}\n",
            Cancellation
        );
        string rootfs = $"{Root}/var/lib/sysctr/deployments/clean/0/rootfs";
        string deep = Directory.CreateDirectory($"{rootfs}/{string.Join('/', Enumerable.Repeat("d", 40))}").FullName;
        await File.WriteAllTextAsync($"{deep}/hidden", Bad, Cancellation);
        await using (FileStream large = File.Create($"{rootfs}/large"))
        {
            large.Write(Encoding.ASCII.GetBytes(Bad));
            large.SetLength(110_000_000);
        }

        Scanner clamav = Shipped("clamav");
        ScanReport report = await ScanAsync(
            "clean",
            clamav with
            {
                Command = [clamav.Command[0], "--database", signatures, .. clamav.Command.Skip(1)],
            }
        );

        Assert.Equal(ScanVerdict.Found, report.Verdict);
        Assert.Equal(2, report.Output!.Count);
        Assert.Contains(report.Output!, l => l.Contains("/d/hidden: ", StringComparison.Ordinal));
        Assert.Contains(report.Output!, l => l.Contains("/large: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ln -s /etc/passwd", "/etc/link", null)]
    [InlineData("ln -s /bin/app", "/etc/link", "#!/bin/sh")]
    [InlineData("ln -s ../../../../../../../../../../bin/app", "/etc/link", "#!/bin/sh")]
    [InlineData("ln -s link", "/etc/link", null)]
    [InlineData("mkfifo", "/etc/fifo", null)]
    [InlineData("mkdir", "/etc/none/x", null)]
    public async Task What_a_scanner_is_to_look_at_is_the_tree_s(string make, string path, string? shown)
    {
        string rootfs = $"{Root}/var/lib/sysctr/deployments/clean/0/rootfs";
        Directory.CreateDirectory(rootfs + "/etc");
        (await Command.RunAsync("sh", "-c", $"{make} {rootfs}{path} || true")).MustSucceed();

        ScanReport report = await ScanAsync("clean", new Scanner("cat", ["sh", "-c", "cat $0", "{root}" + path]));

        Assert.Equal(shown, report.Output?[0]);
        Assert.Equal(shown is null ? ScanVerdict.Failed : ScanVerdict.Clean, report.Verdict);
        if (shown is null)
        {
            Assert.Contains($"no regular file {path}", report.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Debsecan_tells_the_packages_of_an_image_that_have_holes()
    {
        await using (ZLibStream data = new(File.Create($"{_base}/GENERIC"), CompressionLevel.Fastest))
        {
            data.Write("VERSION 1\nCVE-2026-0001,,a hole of the test\n\nlibbad,0, L F,1.0-2,\n\nlibbad,libbad\n\n"u8);
        }

        Scanner debsecan = Shipped("debsecan");
        debsecan = debsecan with { Command = [.. debsecan.Command, "--source", $"file://{_base}"] };

        ScanReport found = await ScanAsync("clean", debsecan);

        Assert.True(found.Verdict == ScanVerdict.Found, found.Error + string.Join('\n', found.Output ?? []));
        Assert.StartsWith("CVE-2026-0001 libbad", Assert.Single(found.Output!), StringComparison.Ordinal);
        Assert.Equal((0, 0), (found.ExitStatus, found.Deployment));

        // Of a status without packages it would print nothing, as of packages without holes.
        await File.WriteAllTextAsync(
            $"{Root}/var/lib/sysctr/deployments/clean/0/rootfs/var/lib/dpkg/status",
            "",
            Cancellation
        );
        ScanReport empty = await ScanAsync("clean", debsecan);
        Assert.Equal(ScanVerdict.Failed, empty.Verdict);
        Assert.Contains("the file /var/lib/dpkg/status is empty", empty.Error, StringComparison.Ordinal);

        // Without dpkg's status it ends with a failure, and nothing is said to be clean.
        Assert.Equal(ScanVerdict.Failed, (await ScanAsync("bad", debsecan with { Found = [], Clean = [0] })).Verdict);
    }

    [Fact]
    public async Task The_files_are_those_on_the_disk_read_only_and_for_the_scanner_alone()
    {
        await File.WriteAllTextAsync($"{Root}/var/lib/sysctr/deployments/clean/0/rootfs/added", "x", Cancellation);

        ScanReport report = await ScanAsync(
            "clean",
            Shell(
                """
                cd "$1" && echo "{\"root\": \"$1\"," && [ -e added ] && ! touch new && ! ./bin/app &&
                grep -q " $1 ro,nosuid,nodev,noexec" /proc/self/mountinfo && echo "\"name\": \"$2\", \"mounted\": $(grep -c " $1 " /proc/self/mountinfo)}"
                """
            )
        );

        Assert.True(report.Verdict == ScanVerdict.Clean, report.Error + string.Join('\n', report.Output ?? []));
        Assert.Equal(
            ("clean", 1),
            (
                report.Results!.Value.GetProperty("name").GetString(),
                report.Results.Value.GetProperty("mounted").GetInt32()
            )
        );
        string view = report.Results.Value.GetProperty("root").GetString()!;
        Assert.False(Directory.Exists(view));

        // Ours alone: tests beside this one mount too. A line has the directory within its file system and the mount
        // point.
        Assert.DoesNotContain(
            await File.ReadAllLinesAsync("/proc/self/mountinfo", Cancellation),
            line =>
                line.Contains(Path.GetFileName(_base), StringComparison.Ordinal)
                || line.Contains(view, StringComparison.Ordinal)
        );
        using Host host = Host.Open(Root, _notes.Add);
        Assert.Empty(new MountCatalog(host.Target, host.Locks).Live());
    }

    [Fact]
    public async Task A_deployment_stays_while_it_is_looked_at()
    {
        string seen = $"{_base}/seen",
            go = $"{_base}/go";
        Task<ScanReport> scan = ScanAsync(
            "bad",
            Shell($"touch {seen}; while ! [ -e {go} ]; do sleep 0.05; done; [ -e \"$1/usr/bin/hidden\" ]")
        );
        while (!File.Exists(seen))
        {
            await Task.Delay(10, Cancellation);
        }

        using (Host host = Host.Open(Root, _notes.Add))
        {
            for (int i = 0; i < 3; i++)
            {
                await new UpdateOperation(host, NoProgress.Instance, _notes.Add).RunAsync(
                    ["bad"],
                    new UpdateRequest
                    {
                        Settings = new(new Dictionary<string, IReadOnlyList<string>> { ["env"] = [$"A={i}"] }),
                    },
                    Cancellation
                );
            }

            Assert.NotNull(host.Catalog.Find("bad", 0));
            Assert.Contains("bad: kept deployment 0: it is being looked at", _notes);
            Assert.Empty(new MountCatalog(host.Target, host.Locks).List());
        }

        await File.WriteAllTextAsync(go, "", Cancellation);

        Assert.Equal((ScanVerdict.Clean, 0), ((await scan).Verdict, (await scan).Deployment));
    }

    [Fact]
    public async Task What_was_removed_meanwhile_is_not_clean()
    {
        string rootfs = $"{Root}/var/lib/sysctr/deployments/clean/0/rootfs";

        ScanReport report = await ScanAsync("clean", Shell($"rm -rf {rootfs}"));

        Assert.Equal((ScanVerdict.Failed, "its files were removed meanwhile"), (report.Verdict, report.Error));
    }

    [Theory]
    [InlineData("exit 3", "it ended with status 3")]
    [InlineData("kill -9 $$", "it ended with status 137")]
    [InlineData("echo why >&2; exit 2", "neither 'clean' nor 'found': why")]
    [InlineData("sleep 1000", "it did not end in 0.3 s")]
    [InlineData("sleep 1000 & exit 0", "it did not end in 0.3 s")]
    [InlineData("yes", "it did not end in 0.3 s|it printed more than 16777216 bytes")]
    public async Task A_scanner_that_does_not_come_to_an_end_gives_no_verdict(string script, string error)
    {
        ScanReport report = await ScanAsync(
            "clean",
            Shell(script) with
            {
                Timeout = TimeSpan.FromSeconds(
                    script.Contains("sleep", StringComparison.Ordinal) || script == "yes" ? 0.3 : 60
                ),
            }
        );

        Assert.Equal(ScanVerdict.Failed, report.Verdict);
        Assert.Contains(error.Split('|'), e => report.Error!.Contains(e, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_of_the_store_is_looked_at_without_a_container()
    {
        string image;
        using (Host host = Host.Open(Root, _notes.Add))
        {
            image = host.Catalog.Get("bad").ImageId.Hex[..12];
        }

        ScanReport report = await ScanAsync(image, Shell("[ -e \"$1/usr/bin/hidden\" ]"));

        Assert.True(report.Verdict == ScanVerdict.Clean, report.Error);
        Assert.Null(report.Deployment);
        Assert.Empty(Directory.GetDirectories($"{Root}/var/lib/sysctr/mounts"));
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        Assert.Equal(
            ErrorKind.NotFound,
            (
                await Assert.ThrowsAsync<SysctrException>(() => ScanAsync("none", Shell("true"), MountKind.Container))
            ).Kind
        );
        ScanReport report = await ScanAsync("clean", new Scanner("x", ["/nowhere/scanner", "{root}"]));
        Assert.Equal(
            (ScanVerdict.Failed, true),
            (report.Verdict, report.Error!.Contains("/nowhere/scanner", StringComparison.Ordinal))
        );
    }

    private static Scanner Shipped(string name) =>
        ScannerFiles.Load([Path.Combine(Workspace.Root, "packaging/scanners")]).Single(s => s.Name == name);

    private static Scanner Shell(string script) => new("shell", ["sh", "-c", script, "sh", "{root}", "{name}"]);

    private async Task<ScanReport> ScanAsync(string name, Scanner scanner, MountKind? kind = null)
    {
        using Host host = Host.Open(Root, _notes.Add);
        return await new ScanOperation(host).ScanAsync(name, kind, scanner, Cancellation);
    }
}
