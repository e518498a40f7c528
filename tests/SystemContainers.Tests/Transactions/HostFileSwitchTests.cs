// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Oci;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>What becomes of the host's files when a deployment takes another's place, on real files below a
/// directory.</summary>
[Trait("needs", "root")]
public sealed class HostFileSwitchTests : IDisposable
{
    private const string File1 = "/etc/app/app.conf";
    private const string Unit = "/etc/systemd/system/app.service";

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-switch-").FullName;
    private readonly List<string> _notes = [];
    private readonly Host _host;
    private readonly HostFileSwitch _switch;

    public HostFileSwitchTests()
    {
        Directory.CreateDirectory(_root + "/etc/systemd/system");
        _host = Host.Open(_root, _notes.Add);
        _switch = new HostFileSwitch(_host);
    }

    [Fact]
    public void Files_come_with_their_directories_and_go_with_them()
    {
        ContainerRecord record = Deployment(0, (File1, "a"), (Unit, "u"));

        _switch.Apply(null, record);
        Assert.Equal("a", Read(File1));
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(_root + File1));

        _switch.Apply(record, null);
        Assert.False(Directory.Exists(_root + "/etc/app"));
        Assert.Empty(Directory.GetFiles(_root + "/etc/systemd/system"));
    }

    [Fact]
    public void An_unchanged_file_is_not_touched()
    {
        ContainerRecord first = Deployment(0, (File1, "a"));
        _switch.Apply(null, first);
        DateTime old = new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(_root + File1, old);

        _switch.Apply(first, Deployment(1, (File1, "a")));

        Assert.Equal(old, File.GetLastWriteTimeUtc(_root + File1));
    }

    [Fact]
    public void An_edited_file_stays_and_the_new_one_is_laid_beside_it()
    {
        ContainerRecord first = Deployment(0, (File1, "a"));
        ContainerRecord second = Deployment(1, (File1, "b"));
        _switch.Apply(null, first);
        File.WriteAllText(_root + File1, "mine");

        _switch.Apply(first, second);
        Assert.Equal("mine", Read(File1));
        Assert.Equal("b", Read(File1 + ".sysctr-new"));

        _switch.Apply(second, null);
        Assert.Equal("mine", Read(File1));
        Assert.False(File.Exists(_root + File1 + ".sysctr-new"));
    }

    [Fact]
    public void What_somebody_made_of_the_new_version_beside_an_edited_file_is_kept()
    {
        ContainerRecord first = Deployment(0, (File1, "a"));
        ContainerRecord second = Deployment(1, (File1, "b"));
        ContainerRecord third = Deployment(2, (File1, "c"));
        _switch.Apply(null, first);
        File.WriteAllText(_root + File1, "mine");
        _switch.Apply(first, second);
        File.WriteAllText(_root + File1 + ".sysctr-new", "b, with mine put in");

        _switch.Apply(second, third);
        Assert.Equal(
            ("mine", "c", "b, with mine put in"),
            (Read(File1), Read(File1 + ".sysctr-new"), Read(File1 + ".sysctr-new.sysctr-save"))
        );

        // It may be cut after that, and done again.
        _switch.Apply(second, third);
        Assert.Equal("b, with mine put in", Read(File1 + ".sysctr-new.sysctr-save"));
        Assert.False(File.Exists(_root + File1 + ".sysctr-new.sysctr-save.1"));
    }

    [Fact]
    public void A_new_version_beside_an_edited_file_stays_as_long_as_it_is_that()
    {
        ContainerRecord first = Deployment(0, (File1, "a"));
        ContainerRecord second = Deployment(1, (File1, "b"));
        ContainerRecord third = Deployment(2, (File1, "b"));
        _switch.Apply(null, first);
        File.WriteAllText(_root + File1, "mine");
        _switch.Apply(first, second);

        _switch.Apply(second, third);
        Assert.Equal(("mine", "b"), (Read(File1), Read(File1 + ".sysctr-new")));

        _switch.Apply(third, null);
        Assert.False(File.Exists(_root + File1 + ".sysctr-new"));
    }

    [Fact]
    public void An_edited_file_whose_new_version_is_the_old_one_just_stays()
    {
        ContainerRecord first = Deployment(0, (File1, "a"));
        _switch.Apply(null, first);
        File.WriteAllText(_root + File1, "mine");

        _switch.Apply(first, Deployment(1, (File1, "a")));

        Assert.Equal("mine", Read(File1));
        Assert.False(File.Exists(_root + File1 + ".sysctr-new"));
    }

    [Fact]
    public void Rolling_back_restores_and_lays_nothing_beside()
    {
        ContainerRecord first = Deployment(0, (File1, "a"), (Unit, "u"));
        ContainerRecord second = Deployment(1, (File1, "b"), (Unit, "v"), ("/etc/app/new", "n"));
        _switch.Apply(null, first);
        File.WriteAllText(_root + File1, "mine");
        _switch.Apply(first, second);

        _switch.Apply(second, first, rollingBack: true);

        Assert.Equal("mine", Read(File1));
        Assert.Equal("u", Read(Unit));
        Assert.Equal([_root + File1], Directory.GetFileSystemEntries(_root + "/etc/app"));
    }

    /// <summary>What lay beside an edited file is as much of the host as the file.</summary>
    [Theory]
    [InlineData(null, "c")]
    [InlineData("b, with mine put in", "c")]
    [InlineData(null, "b")]
    [InlineData("b, with mine put in", "b")]
    [InlineData("b, with mine put in", null)]
    [InlineData(null, null)]
    public void Rolling_back_restores_what_lay_beside(string? edit, string? next)
    {
        ContainerRecord first = Deployment(0, (File1, "a"));
        ContainerRecord second = Deployment(1, (File1, "b"));
        ContainerRecord third = next is null ? Deployment(2) : Deployment(2, (File1, next));
        _switch.Apply(null, first);
        File.WriteAllText(_root + File1, "mine");
        File.WriteAllText(_root + File1 + ".sysctr-new.sysctr-save", "of long ago");
        _switch.Apply(first, second);
        File.WriteAllText(_root + File1 + ".sysctr-new", edit ?? "b");
        ContainerChange change = new(second, third)
        {
            Beside = _switch.Beside(second, edited: false),
            EditedBeside = _switch.Beside(second, edited: true),
        };
        _switch.Apply(second, third);

        // It may be cut at any point, and done again.
        for (int turn = 0; turn < 2; turn++)
        {
            _switch.Apply(third, second, rollingBack: true);
            _switch.RestoreBeside(change);
            Assert.Equal(("mine", edit ?? "b"), (Read(File1), Read(File1 + ".sysctr-new")));
        }

        Assert.Contains(
            "of long ago",
            Directory.GetFiles(_root + "/etc/app", "*.sysctr-save*").Select(File.ReadAllText)
        );
    }

    /// <summary>Whoever has merged a new version and removed it does not get it again.</summary>
    [Fact]
    public void Rolling_back_lays_nothing_beside_that_was_not_there()
    {
        ContainerRecord first = Deployment(0, (File1, "a"));
        ContainerRecord second = Deployment(1, (File1, "b"));
        ContainerRecord third = Deployment(2, (File1, "c"));
        _switch.Apply(null, first);
        File.WriteAllText(_root + File1, "mine");
        _switch.Apply(first, second);
        File.Delete(_root + File1 + ".sysctr-new");
        ContainerChange change = new(second, third) { Beside = _switch.Beside(second, edited: false) };
        _switch.Apply(second, third);

        _switch.Apply(third, second, rollingBack: true);
        _switch.RestoreBeside(change);

        Assert.Equal([_root + File1], Directory.GetFiles(_root + "/etc/app"));
    }

    [Fact]
    public void A_unit_that_is_edited_again_leaves_the_earlier_edit_where_it_can_be_found()
    {
        ContainerRecord first = Deployment(0, (Unit, "u"));
        ContainerRecord second = Deployment(1, (Unit, "v"));
        ContainerRecord third = Deployment(2, (Unit, "w"));
        _switch.Apply(null, first);
        File.WriteAllText(_root + Unit, "mine");
        _switch.Apply(first, second);
        File.WriteAllText(_root + Unit, "mine, later");
        _switch.Apply(second, third);

        Assert.Equal(
            ("w", "mine, later", "mine"),
            (Read(Unit), Read(Unit + ".sysctr-save"), Read(Unit + ".sysctr-save.1"))
        );

        // Rolled back it is the edit of now that returns.
        _switch.Apply(third, second, rollingBack: true);
        _switch.RestoreSaved([Unit]);
        Assert.Equal(("mine, later", "mine"), (Read(Unit), Read(Unit + ".sysctr-save.1")));
    }

    [Fact]
    public void A_mode_that_changed_is_a_change()
    {
        ContainerRecord first = Deployment(0, (File1, "a"));
        ContainerRecord second = Deployment(1, (File1, "a"));
        second = second with { HostFiles = [second.HostFiles[0] with { Mode = 0x1ed }] };
        _switch.Apply(null, first);

        _switch.Apply(first, second);

        Assert.Equal((UnixFileMode)0x1ed, File.GetUnixFileMode(_root + File1));
    }

    [Fact]
    public void A_hard_link_is_one_again()
    {
        ContainerRecord record = Deployment(0, (File1, "a"), ("/etc/app/other", "a"));
        record = record with { HostFiles = [record.HostFiles[0], record.HostFiles[1] with { LinkOf = File1 }] };

        _switch.Apply(null, record);
        File.AppendAllText(_root + File1, "b");

        Assert.Equal("ab", Read("/etc/app/other"));
    }

    [Fact]
    public void Links_of_the_other_system_are_followed_in_it()
    {
        Directory.CreateDirectory(_root + "/usr/share/real");
        File.CreateSymbolicLink(_root + "/etc/linked", "/usr/share/real");

        _switch.Apply(null, Deployment(0, ("/etc/linked/file", "a")));

        Assert.Equal("a", Read("/usr/share/real/file"));
    }

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private string Read(string path) => File.ReadAllText(_root + path);

    private ContainerRecord Deployment(int number, params (string Path, string Text)[] files)
    {
        foreach ((string path, string text) in files)
        {
            string kept = _host.Deployment("app", number).KeptFile(path);
            Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
            File.WriteAllText(kept, text);
        }

        InstalledFile[] installed =
        [
            .. files.Select(f => new InstalledFile(f.Path, Digest.Sha256(Encoding.UTF8.GetBytes(f.Text)))
            {
                Mode = f.Path == Unit ? 0x1a4 : 0x180,
            }),
        ];
        return SampleRecord.Of("app", number) with
        {
            Units = [.. installed.Where(f => f.Path == Unit)],
            HostFiles = [.. installed.Where(f => f.Path != Unit)],
            HostDirectories = [new InstalledDirectory("/etc/app", 0x1ed, 0, 0)],
        };
    }
}
