// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Extensions.Time.Testing;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;
using SystemContainers.Mounts;
using SystemContainers.Network;
using SystemContainers.Oci;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Transactions.Health;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>What can't be put back or removed is left in its intent alone: the others of its transaction are done, run
/// again, and are touched no more. By a systemd that is a table; files are real, and the caller's.</summary>
public sealed class LeftBehindTests : IDisposable
{
    private const string Conf = "/etc/left/a.conf";

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-left-").FullName;
    private readonly List<string> _notes = [];
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeSystemd _systemd;
    private readonly Host _host;

    public LeftBehindTests()
    {
        Directory.CreateDirectory(_root + "/etc/systemd/system");
        Directory.CreateDirectory(_root + "/etc/left");
        Directory.CreateDirectory(_root + "/var/lib");
        _systemd = new FakeSystemd(_clock);
        _host = new Host(new HostTarget(_root), _systemd, _notes.Add, new HostOptions { Clock = _clock });
    }

    public void Dispose()
    {
        _systemd.Dispose();
        _host.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public async Task One_that_can_not_be_put_back_keeps_no_other_from_it(string stuck, string other)
    {
        Install("a");
        Install("b");
        string kept = Lose(stuck, Unit(stuck));

        SysctrException why = await UpdateAsync(failing: "b", "a", "b");

        Assert.Equal(ErrorKind.Unit, why.Kind);
        Assert.Contains($"\nrolling back {stuck}: putting back {Unit(stuck)}: ", why.Message, StringComparison.Ordinal);
        Assert.Equal(("/0", "active"), (Started(other), _systemd[other + ".service"].ActiveState));
        Assert.Equal(("/1", false), (Started(stuck), _systemd[stuck + ".service"].IsUp));
        Assert.Equal([stuck], Assert.Single(_host.Transactions.Pending()).Record.Names);
        Assert.Equal(
            [(other, HistoryOutcome.RolledBack)],
            _host.History.Read(container: null, last: null).Select(e => (e.Container!, e.Outcome))
        );

        // The other one is nobody's business any more.
        using (await _host.LockAndRecoverAsync([other], CancellationToken.None))
        {
            Assert.Single(_host.Transactions.Pending());
        }

        int before = _systemd.Calls.Count;
        File.Move(kept + ".lost", kept);
        await _clock.PassAsync(_host.RecoverAsync(CancellationToken.None));

        Assert.Empty(_host.Transactions.Pending());
        Assert.Equal(("/0", "active"), (Started(stuck), _systemd[stuck + ".service"].ActiveState));
        Assert.DoesNotContain(
            _systemd.Calls.Skip(before),
            c => c.Contains(other + ".service", StringComparison.Ordinal)
        );
        Assert.Equal([0], _host.Catalog.Numbers(stuck));
    }

    [Fact]
    public async Task One_that_only_lacks_a_file_of_its_image_runs_again_and_is_not_stopped_for_it_once_more()
    {
        Install("a");
        string kept = Lose("a", Conf);

        SysctrException why = await UpdateAsync(failing: "a", "a");

        Assert.Contains($"\nrolling back a: putting back {Conf}: ", why.Message, StringComparison.Ordinal);
        Assert.Equal(("/0", "active"), (Started("a"), _systemd["a.service"].ActiveState));
        Assert.True(Assert.Single(Assert.Single(_host.Transactions.Pending()).Record.Changes).IsBack);

        foreach (bool isThere in (bool[])[false, true])
        {
            if (isThere)
            {
                File.Move(kept + ".lost", kept);
            }

            int before = _systemd.Calls.Count;
            await _clock.PassAsync(_host.RecoverAsync(CancellationToken.None));

            Assert.Equal(isThere, _host.Transactions.Pending().Count == 0);
            Assert.DoesNotContain(_systemd.Calls.Skip(before), c => c.Split(' ')[0] is "stop" or "start" or "restart");
        }

        Assert.Equal("0", await File.ReadAllTextAsync(_root + Conf, TestContext.Current.CancellationToken));
        Assert.Equal([0], _host.Catalog.Numbers("a"));
    }

    [Fact]
    public void What_is_as_it_was_is_not_written_by_a_roll_back()
    {
        Install("a");
        DateTime old = new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        ContainerRecord before = _host.Catalog.Get("a");
        ContainerRecord after = Place("a", 1);
        File.SetLastWriteTimeUtc(_root + Conf, old);

        Assert.Empty(new HostFileSwitch(_host).Apply(after, before, rollingBack: true));
        Assert.Equal(old, File.GetLastWriteTimeUtc(_root + Conf));

        // Not only the content counts.
        File.SetUnixFileMode(_root + Conf, UnixFileMode.UserRead);
        Assert.Empty(new HostFileSwitch(_host).Apply(after, before, rollingBack: true));
        Assert.Equal((UnixFileMode)InstalledFile.TextMode, File.GetUnixFileMode(_root + Conf));
    }

    [Fact]
    public async Task A_network_that_can_not_be_made_stops_nothing()
    {
        Install("a");
        ContainerSwitch containers = new(_host);
        ContainerRecord before = _host.Catalog.Get("a");
        ContainerChange change = await containers.PlanAsync(before, Place("a", 1), CancellationToken.None);
        TakenNetworks networks = new();

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() =>
            containers.RunAsync(
                new TransactionRecord(TransactionKind.Apply, [change]),
                CancellationToken.None,
                networks
            )
        );

        Assert.Equal((ErrorKind.Conflict, true), (why.Kind, networks.IsUndone));
        Assert.Empty(_systemd.Calls);
        Assert.Empty(_host.Transactions.Pending());
        Assert.Equal((0, "active"), (_host.Catalog.Get("a").Deployment, _systemd["a.service"].ActiveState));
    }

    /// <summary>Units take as long to stop as they like, and may mount something themselves.</summary>
    [Fact]
    public async Task Who_uninstalls_keeps_nobody_from_mounting_while_units_stop()
    {
        Install("a");
        Install("b");
        using Host other = new(new HostTarget(_root), _systemd, _notes.Add);
        MountCatalog mounts = new(other.Target, other.Locks);
        List<string> seen = [];
        _systemd.Before = call =>
        {
            if (call.StartsWith("stop ", StringComparison.Ordinal))
            {
                using IDisposable held = mounts.Lock(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);
                mounts.RequireStaying("mounting", MountSource.Find(other, "mounting", "b", MountKind.Container));
                seen.Add(
                    Assert
                        .Throws<SysctrException>(() =>
                            mounts.RequireStaying(
                                "mounting",
                                MountSource.Find(other, "mounting", "a", MountKind.Container)
                            )
                        )
                        .Message
                );
            }
        };

        await new UninstallOperation(_host, _notes.Add).RunAsync(["a"], purge: false, CancellationToken.None);

        Assert.Equal(["mounting a: it is being uninstalled"], seen);
        Assert.False(_host.Catalog.IsInstalled("a"));
    }

    private string Started(string name) => File.ReadAllText(_root + Unit(name)).Split('\n')[1]["ExecStart=".Length..];

    private static string Unit(string name) => $"/etc/systemd/system/{name}.service";

    /// <summary>Takes away what the first deployment keeps of a file, so that it can't be put back.</summary>
    private string Lose(string name, string file)
    {
        string kept = _host.Deployment(name, 0).KeptFile(file);
        File.Move(kept, kept + ".lost");
        return kept;
    }

    /// <summary>An update that fails when the new deployment of one of the containers starts.</summary>
    private async Task<SysctrException> UpdateAsync(string failing, params string[] names)
    {
        ContainerSwitch containers = new(_host, new StartPolicy { Settle = TimeSpan.FromSeconds(5) });
        List<ContainerChange> changes = [];
        foreach (string name in names)
        {
            ContainerRecord before = _host.Catalog.Get(name);
            changes.Add(await containers.PlanAsync(before, Place(name, 1), CancellationToken.None));
        }

        FakeUnit unit = _systemd[failing + ".service"];
        unit.StartFails = "failed";
        bool failed = false;
        _systemd.Before = call =>
        {
            // The old deployment's start finds none of it any more.
            failed |= call.StartsWith("start ", StringComparison.Ordinal);
            unit.StartFails = failed && call.StartsWith("stop ", StringComparison.Ordinal) ? null : unit.StartFails;
        };
        Task<StartOutcome> update = containers.RunAsync(
            new TransactionRecord(TransactionKind.Update, changes) { Origin = HistoryOrigin.Now() },
            CancellationToken.None
        );
        return await Assert.ThrowsAsync<SysctrException>(() => _clock.PassAsync(update));
    }

    /// <summary>A container that runs, with a unit and a file of its image.</summary>
    private void Install(string name)
    {
        ContainerRecord record = Place(name, 0);
        _host.Deployment(name, 0).MakeCurrent();
        foreach (InstalledFile file in record.AllFiles)
        {
            File.Copy(_host.Deployment(name, 0).KeptFile(file.Path), _root + file.Path);
            File.SetUnixFileMode(_root + file.Path, (UnixFileMode)InstalledFile.TextMode);
        }

        (_systemd[name + ".service"].IsThere, _systemd[name + ".service"].ActiveState) = (true, "active");
    }

    private ContainerRecord Place(string name, int number)
    {
        DeploymentDirectory directory = _host.Deployment(name, number);
        ContainerRecord record = SampleRecord.Of(name, number) with
        {
            Runtime = "/bin/true",
            Units = [Keep(directory, Unit(name), $"[Service]\nExecStart=/{number}\n")],
            HostFiles = name == "a" ? [Keep(directory, Conf, $"{number}")] : [],
        };
        directory.WriteRecord(record);
        return record;
    }

    private static InstalledFile Keep(DeploymentDirectory directory, string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(directory.KeptFile(path))!);
        File.WriteAllText(directory.KeptFile(path), text);
        return new InstalledFile(path, Digest.Sha256(Encoding.UTF8.GetBytes(text)))
        {
            Uid = Libc.geteuid(),
            Gid = Libc.getegid(),
        };
    }

    /// <summary>Their subnet was taken since somebody looked.</summary>
    private sealed class TakenNetworks : ITransactionNetworks, IDisposable
    {
        public bool IsUndone { get; private set; }

        public IReadOnlyCollection<string> Names => [];

        public IDisposable Lock() => this;

        public IReadOnlyList<NetworkDefinition> Former() => [];

        public void Make() => throw new SysctrException(ErrorKind.Conflict, "making a network: its subnet is taken");

        public void Undo() => IsUndone = true;

        public void Dispose() { }
    }
}
