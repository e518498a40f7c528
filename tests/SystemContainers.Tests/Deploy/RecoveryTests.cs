using System.Text;
using SystemContainers.Deploy;
using SystemContainers.Oci;
using Xunit;

namespace SystemContainers.Tests.Deploy;

/// <summary>What a killed process left is ended by the next call, on an offline root; the files are real, systemctl is too.</summary>
public sealed class RecoveryTests : IDisposable
{
    private const string Unit = "/etc/systemd/system/etcd.service";
    private const string Text = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-recovery-").FullName;
    private readonly List<string> _notes = [];

    public RecoveryTests()
    {
        Directory.CreateDirectory(_root + "/etc/systemd/system");
        Directory.CreateDirectory(_root + "/var/lib");
    }

    [Fact]
    public void An_install_that_was_cut_off_is_taken_back()
    {
        using Host host = Host.Open(_root, _notes.Add);
        host.Transactions.Begin(new TransactionRecord(TransactionKind.Install, [Record]));
        Place(host, Text);

        host.Recover(CancellationToken.None);

        Assert.False(File.Exists(_root + Unit));
        Assert.False(host.Catalog.IsInstalled("etcd"));
        Assert.False(Directory.Exists(host.Deployment("etcd", 0).ContainerHere));
        Assert.Empty(host.Transactions.Pending());
        Assert.Contains(_notes, n => n.Contains("took it back", StringComparison.Ordinal));
    }

    [Fact]
    public void An_uninstall_that_was_cut_off_is_finished()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text);
        host.Transactions.Begin(new TransactionRecord(TransactionKind.Uninstall, [Record]));
        File.Delete(_root + Unit);

        host.Recover(CancellationToken.None);

        Assert.False(host.Catalog.IsInstalled("etcd"));
        Assert.Empty(host.Transactions.Pending());
        Assert.Contains(_notes, n => n.Contains("finished", StringComparison.Ordinal));
    }

    [Fact]
    public void A_unit_that_somebody_edited_is_kept_beside_its_place()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Place(host, Text + "# mine\n");
        host.Transactions.Begin(new TransactionRecord(TransactionKind.Uninstall, [Record]));

        host.Recover(CancellationToken.None);

        Assert.False(File.Exists(_root + Unit));
        Assert.EndsWith("# mine\n", File.ReadAllText(_root + Unit + ".sysctr-save"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_live_process_works_on_is_left_alone()
    {
        using Host host = Host.Open(_root, _notes.Add);
        host.Transactions.Begin(new TransactionRecord(TransactionKind.Install, [Record]));
        Place(host, Text);
        using Host other = Host.Open(_root, _notes.Add);
        using IDisposable held = other.LockContainers(["etcd"], CancellationToken.None);

        host.Recover(CancellationToken.None);

        Assert.True(File.Exists(_root + Unit));
        Assert.Single(host.Transactions.Pending());
    }

    [Fact]
    public void A_deployment_that_no_transaction_knows_goes()
    {
        using Host host = Host.Open(_root, _notes.Add);
        Directory.CreateDirectory(host.Deployment("etcd", 0).Staged + "/rootfs");

        host.Recover(CancellationToken.None);

        Assert.False(Directory.Exists(host.Deployment("etcd", 0).ContainerHere));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static ContainerRecord Record => new()
    {
        Name = "etcd",
        Deployment = 0,
        InstalledAt = DateTimeOffset.UnixEpoch,
        Image = "docker://registry.example/etcd:latest",
        ManifestDigest = Digest.Sha256("manifest"u8),
        ImageId = Digest.Sha256("config"u8),
        Runtime = "/usr/sbin/runc",
        Set = new Dictionary<string, string>(),
        Values = new Dictionary<string, string>(),
        Units = [new InstalledFile(Unit, Digest.Sha256(Encoding.UTF8.GetBytes(Text)))],
        Enabled = ["etcd.service"],
        StateDirectories = [],
        Labels = new Dictionary<string, string>(),
    };

    private void Place(Host host, string text)
    {
        DeploymentDirectory directory = host.Deployment("etcd", 0);
        Directory.CreateDirectory(directory.Here);
        DeployJson.Write(Path.Join(directory.Here, "info.json"), Record, DeployJson.Default.ContainerRecord);
        File.CreateSymbolicLink(directory.CurrentLink, "0");
        File.WriteAllText(_root + Unit, text);
    }
}
