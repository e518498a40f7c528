// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Prepared;
using SystemContainers.Render;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Prepared;

/// <summary>What the [Install] section of an image's unit may reach, on a host below a directory.</summary>
public sealed class InstallSectionsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-alias-").FullName;

    public InstallSectionsTests()
    {
        Directory.CreateDirectory(_root + "/usr/lib/systemd/system");
        Directory.CreateDirectory(_root + HostPaths.Units);
        File.WriteAllText(_root + "/usr/lib/systemd/system/sshd.service", "[Service]\nExecStart=/bin/true\n");
        File.CreateSymbolicLink(_root + "/usr/lib/systemd/system/ssh.service", "sshd.service");
    }

    [Theory]
    [InlineData("Alias=sshd.service", "/usr/lib/systemd/system/sshd.service is there")]
    [InlineData("Alias=ssh.service", "ssh.service is there")]
    [InlineData("Alias=fine.service sshd.service", "sshd.service is there")]
    [InlineData("Alias=fine.service\nAlias=sshd.service", "sshd.service is there")]
    [InlineData("Alias=\\\n sshd.service", "sshd.service is there")]
    [InlineData("Alias=dbus.service", "systemd looks for")]
    [InlineData("Alias=dbus-org.freedesktop.login1.service", "systemd looks for")]
    [InlineData("Alias=systemd-resolved.service", "systemd looks for")]
    [InlineData("Alias=display-manager.service", "systemd looks for")]
    [InlineData("Also=sshd.service", "no unit of the container")]
    [InlineData("Also=not-there.service", "no unit of the container")]
    public void What_belongs_to_the_host_is_refused(string line, string reason)
    {
        SysctrException error = Assert.Throws<SysctrException>(() => Check(Container("etcd", line)));

        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.StartsWith("installing etcd.service: its Al", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Alias=ssh%H.service")]
    [InlineData("Alias=\"sshd.service\"")]
    [InlineData("Alias=../sshd.service")]
    [InlineData("Alias=multi-user.target.wants/sshd.service")]
    [InlineData("Alias=kv.socket")]
    [InlineData("Alias=kv")]
    public void What_is_no_units_name_is_refused(string line)
    {
        SysctrException error = Assert.Throws<SysctrException>(() => Check(Container("etcd", line)));

        Assert.Equal(ErrorKind.Unsafe, error.Kind);
        Assert.Contains("is no name for a service", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Alias=kv.service")]
    [InlineData("Alias=%N-server.service")]
    [InlineData("Alias=%n etcd.service")]
    [InlineData("Alias=sshd.service\nAlias=\nAlias=kv.service")]
    [InlineData("Also=etcd.socket")]
    [InlineData("Also=%p.socket")]
    [InlineData("WantedBy=multi-user.target sshd.service")]
    [InlineData("# Alias=sshd.service")]
    public void What_nobody_has_is_granted(string line) => Check(Container("etcd", line));

    [Fact]
    public void An_alias_that_an_earlier_deployment_made_stays()
    {
        File.CreateSymbolicLink(_root + HostPaths.Units + "/kv.service", "/etc/systemd/system/etcd.service");

        Check(Container("etcd", "Alias=kv.service"));
        Assert.Contains(
            "kv.service is there",
            Assert.Throws<SysctrException>(() => Check(Container("other", "Alias=kv.service"))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Two_containers_of_one_call_cannot_have_the_same_alias()
    {
        Assert.Contains(
            "a.service of this call has that name",
            Assert
                .Throws<SysctrException>(() =>
                    Check(Container("a", "Alias=kv.service"), Container("b", "Alias=kv.service"))
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Throws<SysctrException>(() => Check(Container("a", "Alias=b.service"), Container("b", "")));
    }

    public void Dispose() => TreeRemoval.Remove(_root);

    private void Check(params PreparedContainer[] containers) =>
        InstallSections.Check(new HostPaths(_root), containers);

    private static PreparedContainer Container(string name, string line)
    {
        TestImage image = new TestImage()
            .File("/exports/service.template", $"[Service]\nExecStart=/bin/true\n[Install]\n{line}\n")
            .File("/exports/main.socket", "[Socket]\nListenStream=/run/x\n")
            .File("/exports/config.json", RenderRequests.Config());
        RenderedContainer rendered = ContainerRenderer.Render(RenderRequests.For(image) with { Name = name });
        HostText[] units =
        [
            .. rendered.Units.Select(u => new HostText(Path.Join(HostPaths.Units, u.FileName), u.Text)),
        ];
        return new PreparedContainer
        {
            Directory = new DeploymentDirectory("/var/lib/sysctr", "/nowhere", name, 0),
            Files = image,
            Tree = null,
            Rendered = rendered,
            UnitFiles = units,
            HostFiles = [],
            Record = SampleRecord.Of(name) with
            {
                Values = rendered.Values,
                Units = [.. units.Select(HostFileSet.Record)],
                Enabled = [name + ".service"],
            },
        };
    }
}
