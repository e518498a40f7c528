// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Cdi;
using SystemContainers.Errors;
using SystemContainers.Runtime;
using SystemContainers.Runtime.Launch;
using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>As the interface's own library edits a configuration (pkg/cdi, ContainerEdits.Apply); that a payload has it
/// is in OrdinaryTests.</summary>
public sealed class DescribedDevicesTests
{
    [Fact]
    public void A_node_has_the_number_of_the_host_s_and_the_payload_as_owner()
    {
        JsonObject document = Apply(
            new CdiEdits { DeviceNodes = [new CdiDeviceNode("/dev/box", "/dev/zero", "rw")] },
            """{"process":{"user":{"uid":5,"gid":6}},"linux":{"devices":[{"path":"/dev/box"},{"path":"/dev/other"}]}}"""
        );

        Assert.Equal(
            """{"devices":[{"path":"/dev/other"},{"path":"/dev/box","type":"c","major":1,"minor":5,"uid":5,"gid":6}],"resources":{"devices":[{"allow":true,"type":"c","major":1,"minor":5,"access":"rw"}]}}""",
            document["linux"]!.ToJsonString()
        );
    }

    /// <summary>There a runtime binds the host's node of the place's own name, whosever that is.</summary>
    [Fact]
    public void In_a_user_namespace_the_node_of_the_specification_is_bound()
    {
        JsonObject document = Apply(
            new CdiEdits { DeviceNodes = [new CdiDeviceNode("/dev/box", "/dev/zero", "rw")] },
            """{"mounts":[],"linux":{"namespaces":[{"type":"user"}]}}"""
        );

        JsonNode mount = Assert.Single(document["mounts"]!.AsArray())!;
        Assert.Equal("/dev/zero", mount["source"]!.ToString());
        Assert.Equal("/dev/box", mount["destination"]!.ToString());
        Assert.Null(document["linux"]!["devices"]);
        Assert.Equal(
            """[{"allow":true,"type":"c","major":1,"minor":5,"access":"rw"}]""",
            document["linux"]!["resources"]!["devices"]!.ToJsonString()
        );
    }

    [Fact]
    public void A_node_that_is_wholly_described_need_not_be_there()
    {
        JsonObject document = Apply(
            new CdiEdits
            {
                DeviceNodes =
                [
                    new CdiDeviceNode("/dev/box", "/dev/no-such", "")
                    {
                        Type = "b",
                        Major = 240,
                        Minor = 3,
                        Uid = 0,
                    },
                ],
            },
            """{"process":{"user":{"uid":0,"gid":0}},"linux":{}}"""
        );

        Assert.Equal(
            """{"devices":[{"path":"/dev/box","type":"b","major":240,"minor":3,"uid":0}]}""",
            document["linux"]!.ToJsonString()
        );
    }

    [Fact]
    public void Variables_hooks_groups_interfaces_and_classes_are_added()
    {
        JsonObject document = Apply(
            new CdiEdits
            {
                Env = ["A=new", "B=x=y"],
                Hooks = [new CdiHook("createContainer", "/bin/sh", ["sh", "-c"], ["P=/bin"], 7)],
                AdditionalGids = [44, 45],
                NetDevices = [("eth7", "eth0")],
                IntelRdt = new JsonObject { ["closID"] = "fast" },
            },
            """{"process":{"env":["A=old","C=z"],"user":{"additionalGids":[44]}},"linux":{},"hooks":{"poststop":[]}}"""
        );

        Assert.Equal(
            """{"process":{"env":["C=z","A=new","B=x=y"],"user":{"additionalGids":[44,45]}},"linux":{"netDevices":{"eth7":{"name":"eth0"}},"intelRdt":{"closID":"fast"}},"hooks":{"poststop":[],"createContainer":[{"path":"/bin/sh","args":["sh","-c"],"env":["P=/bin"],"timeout":7}]}}""",
            document.ToJsonString()
        );
    }

    /// <summary>One for a directory does not hide what was mounted in it.</summary>
    [Fact]
    public void A_mount_takes_the_place_of_another_and_goes_below_those_inside()
    {
        JsonObject document = Apply(
            new CdiEdits { Mounts = [new CdiMount("/usr", "/opt", null, ["ro"])] },
            """{"mounts":[{"destination":"/proc"},{"destination":"/opt"},{"destination":"/opt/x"},{"destination":"/opt"}]}"""
        );

        Assert.Equal(
            """{"mounts":[{"destination":"/proc"},{"destination":"/opt","type":"bind","source":"/usr","options":["ro","rbind"]},{"destination":"/opt/x"}]}""",
            document.ToJsonString()
        );
    }

    [Fact]
    public void What_the_host_has_not_is_named()
    {
        foreach (
            CdiEdits edits in (CdiEdits[])
                [
                    new() { DeviceNodes = [new CdiDeviceNode("/dev/box", "/dev/no-such", "rw")] },
                    new() { Mounts = [new CdiMount("/no-such", "/opt", null, [])] },
                    new() { Hooks = [new CdiHook("createContainer", "/no-such", [], [], null)] },
                ]
        )
        {
            SysctrException e = Assert.Throws<SysctrException>(() => Apply(edits, "{}"));

            Assert.Equal(ErrorKind.NotFound, e.Kind);
            Assert.Contains("no-such, which /etc/cdi/x.json names", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_node_of_another_type_than_the_host_s_is_refused() =>
        Assert.Equal(
            ErrorKind.Host,
            Assert
                .Throws<SysctrException>(() =>
                    Apply(
                        new CdiEdits { DeviceNodes = [new CdiDeviceNode("/dev/x", "/dev/zero", "r") { Type = "b" }] },
                        "{}"
                    )
                )
                .Kind
        );

    [Fact]
    public void A_user_gets_the_host_s_nodes_and_mounts_on_what_is_there()
    {
        JsonObject document = Apply(
            new CdiEdits
            {
                DeviceNodes = [new CdiDeviceNode("/dev/box", "/dev/zero", "r")],
                Mounts = [new CdiMount("/usr", "/there", "bind", []), new CdiMount("/usr", "/tmp/x", "bind", [])],
                Hooks = [new CdiHook("startContainer", "/no-such", [], [], null)],
            },
            """{"mounts":[{"destination":"/tmp"}]}""",
            root: false
        );

        Assert.Equal(
            """[{"destination":"/tmp"},{"destination":"/dev/box","type":"bind","source":"/dev/zero","options":["bind","nosuid","noexec","private","ro"]},{"destination":"/there","type":"bind","source":"/usr","options":["rbind"]},{"destination":"/tmp/x","type":"bind","source":"/usr","options":["rbind"]}]""",
            document["mounts"]!.ToJsonString()
        );
        foreach (
            CdiEdits edits in (CdiEdits[])
                [
                    new() { Mounts = [new CdiMount("/usr", "/missing", "bind", [])] },
                    new() { Hooks = [new CdiHook("createContainer", "/bin/sh", [], [], null)] },
                    new() { NetDevices = [("eth7", "eth0")] },
                    new() { IntelRdt = [] },
                    new() { AdditionalGids = [44] },
                ]
        )
        {
            Assert.Equal(
                ErrorKind.Host,
                Assert.Throws<SysctrException>(() => Apply(edits, """{"process":{}}""", root: false)).Kind
            );
        }
    }

    /// <summary>A crun without CAP_MKNOD binds the host's node of the very path, as in a user namespace.</summary>
    [Fact]
    public void Where_no_node_is_made_that_of_the_specification_is_bound()
    {
        JsonObject document = JsonNode.Parse("""{"mounts":[],"linux":{}}""")!.AsObject();
        new DescribedDevices(document, true, RuntimeKind.Crun, DeviceBinds.DeviceNumber) { BindsNodes = true }.Apply(
            "/etc/cdi/x.json",
            new CdiEdits { DeviceNodes = [new CdiDeviceNode("/dev/box", "/dev/zero", "rw")] },
            _ => true
        );

        JsonNode mount = Assert.Single(document["mounts"]!.AsArray())!;
        Assert.Equal("/dev/zero", mount["source"]!.ToString());
        Assert.Null(document["linux"]!["devices"]);
    }

    /// <summary>An install says so; of a system that does not run, only what its specifications say.</summary>
    [Theory]
    [InlineData("v.com/c=other", true, true, "looking for the device v.com/c=other")]
    [InlineData("v.com/c=other", true, false, "looking for the device v.com/c=other")]
    [InlineData("v.com/c=hook", false, true, "the hook /bin/sh (createContainer), which this container can't have")]
    [InlineData("v.com/c=hook", false, false, null)]
    [InlineData("v.com/c=hook", true, true, null)]
    [InlineData("v.com/c=gone", true, true, "the host has no device /dev/no-such")]
    [InlineData("v.com/c=place", false, true, "what is mounted on /nowhere")]
    [InlineData("v.com/c=place", true, true, null)]
    public void What_a_start_would_fail_of_is_known_before(string name, bool root, bool runs, string? why)
    {
        DirectoryInfo system = Directory.CreateTempSubdirectory("sysctr-cdi");
        try
        {
            Directory.CreateDirectory(system.FullName + "/etc/cdi");
            File.WriteAllText(
                system.FullName + "/etc/cdi/x.yaml",
                """
                cdiVersion: 0.5.0
                kind: v.com/c
                devices:
                  - {name: hook, containerEdits: {hooks: [{hookName: createContainer, path: /bin/sh}]}}
                  - {name: gone, containerEdits: {deviceNodes: [{path: /dev/no-such}]}}
                  - {name: place, containerEdits: {mounts: [{hostPath: /usr, containerPath: /nowhere}]}}
                """
            );
            RuntimeConfigFile config = RuntimeConfigFile.Read(
                "config.json",
                $$"""
                {"ociVersion": "1.0.0", "root": {"path": "rootfs"}, "process": {"args": ["/x"], "cwd": "/"},
                 "annotations": {"{{StartAnnotations.NamedDevices}}": "{{name}}" } }
                """
            );

            SysctrException? fault = DescribedDevices.Fault(
                config,
                system.FullName,
                root,
                RuntimeKind.Crun,
                runs ? DeviceBinds.DeviceNumber : null,
                path => path == "/there"
            );

            Assert.Equal(why is null, fault is null);
            Assert.Contains(why ?? "", fault?.Message ?? "", StringComparison.Ordinal);
        }
        finally
        {
            system.Delete(recursive: true);
        }
    }

    private static JsonObject Apply(CdiEdits edits, string document, bool root = true)
    {
        JsonObject config = JsonNode.Parse(document)!.AsObject();
        new DescribedDevices(config, root, RuntimeKind.Runc, DeviceBinds.DeviceNumber).Apply(
            "/etc/cdi/x.json",
            edits,
            path => path == "/there"
        );
        return config;
    }
}
