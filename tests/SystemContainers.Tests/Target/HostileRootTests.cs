// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.History;
using SystemContainers.Oci;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using Xunit;

namespace SystemContainers.Tests.Target;

/// <summary>A root directory whose links lead out of it: whatever is done to that system, nothing outside of it
/// changes.</summary>
public sealed class HostileRootTests : IDisposable
{
    private const string Unit = "/etc/systemd/system/app.service";
    private const string Text =
        "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\nRequiredBy=app.target\n";

    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-hostile-root-").FullName;
    private readonly List<string> _notes = [];
    private readonly string _root;
    private readonly string _outside;

    public HostileRootTests()
    {
        _root = _base + "/root";
        _outside = _base + "/outside";
        Shell(
            "mkdir -p root/etc/systemd/system root/etc/tmpfiles.d root/var/lib root/usr/lib/systemd/system outside && echo kept > outside/file"
        );
    }

    public void Dispose() => Directory.Delete(_base, recursive: true);

    /// <summary>Every directory that an installation goes through; OUT is the outside.</summary>
    [Theory]
    [Trait("needs", "programs")]
    [InlineData("rm -r var && ln -s OUT var")]
    [InlineData("rm -r var/lib && ln -s OUT var/lib")]
    [InlineData("rm -r var/lib && ln -s ../../outside var/lib")]
    [InlineData("ln -s OUT var/lib/sysctr")]
    [InlineData("ln -s ../../../outside var/lib/sysctr")]
    [InlineData("rm -r etc && ln -s OUT etc")]
    [InlineData("rm -r etc/systemd && ln -s OUT etc/systemd")]
    [InlineData("rm -r etc/systemd/system && ln -s OUT etc/systemd/system")]
    [InlineData("rm -r etc/systemd/system && ln -s ../../../outside etc/systemd/system")]
    [InlineData("ln -s OUT etc/systemd/system/multi-user.target.wants")]
    [InlineData("ln -s ../../../../outside etc/systemd/system/multi-user.target.wants")]
    [InlineData("ln -s OUT etc/systemd/system/app.target.requires")]
    [InlineData("ln -s OUT etc/systemd/system/app.service.d")]
    [InlineData("rm -r etc/tmpfiles.d && ln -s OUT etc/tmpfiles.d")]
    [InlineData("ln -s OUT etc/app")]
    [InlineData("ln -s OUT etc/inner && ln -s inner etc/app")]
    [InlineData("ln -s OUT/file etc/systemd/system/app.service")]
    [InlineData("mkdir -p var/lib/sysctr && ln -s OUT var/lib/sysctr/deployments")]
    [InlineData("mkdir -p var/lib/sysctr/deployments && ln -s OUT var/lib/sysctr/deployments/app")]
    [InlineData("mkdir -p var/lib/sysctr/deployments/app && ln -s OUT var/lib/sysctr/deployments/app/0")]
    [InlineData("mkdir -p var/lib/sysctr/deployments/app && ln -s OUT var/lib/sysctr/deployments/app/.staged-0")]
    [InlineData("mkdir -p var/lib/sysctr && ln -s OUT var/lib/sysctr/transactions")]
    [InlineData("mkdir -p var/lib/sysctr && ln -s OUT var/lib/sysctr/locks")]
    [InlineData("mkdir -p var/lib/sysctr/locks && ln -s OUT/new var/lib/sysctr/locks/app.lock")]
    [InlineData("mkdir -p var/lib/sysctr && ln -s OUT var/lib/sysctr/staging")]
    [InlineData("mkdir -p var/lib/sysctr/staging && ln -s OUT var/lib/sysctr/staging/x")]
    [InlineData("mkdir -p var/lib/sysctr && ln -s OUT var/lib/sysctr/objects")]
    [InlineData("mkdir -p var/lib/sysctr/objects && ln -s OUT var/lib/sysctr/objects/ab")]
    [InlineData("mkdir -p var/lib/sysctr && ln -s OUT/file var/lib/sysctr/history.jsonl")]
    [InlineData("mkdir -p var/lib/sysctr && ln -s OUT/file var/lib/sysctr/state-directories.json")]
    [InlineData("ln -s OUT var/lib/app")]
    public async Task Nothing_outside_changes(string make)
    {
        Shell($"cd root && {make.Replace("OUT", _outside, StringComparison.Ordinal)}");
        string before = Shell("find outside -printf '%p %y %m %s %T@ %l\\n' | sort; cat outside/file");

        await InstallAndRemoveAsync();

        Assert.Equal(before, Shell("find outside -printf '%p %y %m %s %T@ %l\\n' | sort; cat outside/file"));
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task Links_that_stay_inside_are_followed_as_that_system_would()
    {
        Shell(
            "cd root && mkdir -p data/sysctr data/units && rm -r etc/systemd/system && ln -s /data/units etc/systemd/system && ln -s /data/sysctr var/lib/sysctr && ln -s ../data etc/app"
        );

        await InstallAndRemoveAsync(remove: false);

        Assert.Equal(Text, File.ReadAllText(_root + "/data/units/app.service"));
        Assert.Equal("conf", File.ReadAllText(_root + "/data/app.conf"));
        Assert.True(File.Exists(_root + "/data/sysctr/state-directories.json"));
    }

    /// <summary>The steps of an installation that change the host; an error is one way to change nothing.</summary>
    private async Task InstallAndRemoveAsync(bool remove = true)
    {
        try
        {
            using Host host = Host.Open(_root, _notes.Add);
            await host.RecoverAsync(CancellationToken.None);
            ContainerRecord record = Place(host);
            string intent = host.Transactions.Begin(TransactionRecord.Install([record]));
            new StateClaims(host).Claim("app", record.StateDirectories);
            new HostFileSwitch(host).Apply(null, record);
            if (remove)
            {
                await host.Systemd.EnableAsync(record.Enabled, CancellationToken.None);
            }

            host.History.Add(HistoryLog.Success("install", "app", HistoryOrigin.Now()));
            IntentRecords.End(intent);
            if (remove)
            {
                await new ContainerRemover(host).RemoveAsync(record, purge: true, CancellationToken.None);
            }
        }
        catch (SysctrException e) when (remove)
        {
            Assert.Contains("link", e.Message, StringComparison.Ordinal);
        }
    }

    private static ContainerRecord Place(Host host)
    {
        _ = host.OpenStore();
        DeploymentDirectory directory = host.Deployment("app", 0);
        foreach (
            (string path, string text) in ((string, string)[])
                [(Unit, Text), ("/etc/app/app.conf", "conf"), ("/etc/tmpfiles.d/app.conf", "d /var/lib/app\n")]
        )
        {
            string kept = directory.KeptFile(path);
            Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
            File.WriteAllText(kept, text);
        }

        return SampleRecord.Of("app") with
        {
            Units = [new InstalledFile(Unit, Digest.Sha256(Encoding.UTF8.GetBytes(Text)))],
            Tmpfiles = new InstalledFile("/etc/tmpfiles.d/app.conf", Digest.Sha256("d /var/lib/app\n"u8.ToArray())),
            HostFiles = [new InstalledFile("/etc/app/app.conf", Digest.Sha256("conf"u8.ToArray()))],
            HostDirectories = [new InstalledDirectory("/etc/app", 0b111_101_101, 0, 0)],
            Enabled = ["app.service"],
            StateDirectories = ["/var/lib/app"],
        };
    }

    private string Shell(string script)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("bash", ["-c", script])
            {
                WorkingDirectory = _base,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
