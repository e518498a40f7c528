// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.SystemdText;
using SystemContainers.Units;
using Xunit;

namespace SystemContainers.Tests.Units;

/// <summary>What config.json limits, in systemd's words; that systemd holds it is shown in the machine
/// (MachineTests).</summary>
public sealed class UnitLimitsTests
{
    private static readonly string[] s_closed = ["DevicePolicy=closed", "DeviceAllow="];

    /// <summary>A node of a device that only a start knows is held back by who can't make or mount others.</summary>
    [Theory]
    [InlineData("CAP_MKNOD", "[]", true)]
    [InlineData("CAP_SYS_ADMIN", "[]", true)]
    [InlineData("CAP_NET_ADMIN", "[]", false)]
    [InlineData("CAP_MKNOD", """[{ "allow": true, "access": "rwm" }]""", false)]
    public void With_crun_who_could_come_by_others_gets_none_by_its_name(string capability, string devices, bool no)
    {
        JsonObject document = new()
        {
            ["process"] = new JsonObject
            {
                ["capabilities"] = new JsonObject { ["bounding"] = new JsonArray(capability) },
            },
            ["linux"] = new JsonObject { ["resources"] = new JsonObject { ["devices"] = JsonNode.Parse(devices) } },
        };
        document["annotations"] = new JsonObject { [StartAnnotations.NamedDevices] = "vendor.com/class=name" };

        SysctrException? refused = null;
        try
        {
            UnitLimits.Of(document, RuntimeKind.Crun, system: true);
        }
        catch (SysctrException e)
        {
            refused = e;
        }

        Assert.Equal(no, refused?.Message.Contains(capability, StringComparison.Ordinal) == true);
        Assert.Equal(no, refused is not null);
        _ = UnitLimits.Of(document, RuntimeKind.Runc, system: true);
    }

    /// <summary>The list of devices is the unit's with crun, and that is open then.</summary>
    [Theory]
    [InlineData("/dev", "rbind", true)]
    [InlineData("/dev/sda", "bind", true)]
    [InlineData("/srv/nodes", "rbind", true)]
    [InlineData("/srv/nodes", "rbind,nodev", false)]
    [InlineData("/dev", "rbind,nodev", false)]
    [InlineData("/", "rbind,nodev", true)]
    [InlineData("/", "bind,nodev", false)]
    [InlineData("/dev/shm", "rbind", false)]
    [InlineData("tmpfs", "nosuid", false)]
    public void With_crun_a_volume_that_shows_devices_stands_beside_none_by_its_name(
        string source,
        string options,
        bool no
    )
    {
        JsonObject document = new()
        {
            ["mounts"] = new JsonArray(
                new JsonObject
                {
                    ["destination"] = "/x",
                    ["source"] = source,
                    ["options"] = new JsonArray([.. options.Split(',').Select(o => (JsonNode)o)]),
                }
            ),
            ["linux"] = JsonNode.Parse("""{"resources":{"devices":[]}}"""),
            ["annotations"] = new JsonObject { [StartAnnotations.NamedDevices] = "vendor.com/class=name" },
        };

        SysctrException? refused = null;
        try
        {
            UnitLimits.Of(document, RuntimeKind.Crun, system: true);
        }
        catch (SysctrException e)
        {
            refused = e;
        }

        Assert.Equal(no ? ErrorKind.Host : null, refused?.Kind);
        _ = UnitLimits.Of(document, RuntimeKind.Runc, system: true);
        document.Remove("annotations");
        _ = UnitLimits.Of(document, RuntimeKind.Crun, system: true);
    }

    /// <summary>linux.resources.devices, and what is allowed beyond DevicePolicy=closed; null for everything.</summary>
    public static TheoryData<string, string[]?> Devices =>
        new()
        {
            // No list: as runtimes do it, nodes can be made and not opened.
            { "null", ["block-* m", "char-* m"] },
            { "[]", [] },
            { """[{ "allow": false, "access": "rwm" }]""", [] },
            { """[{ "allow": true, "access": "rwm" }]""", null },
            { """[{ "allow": false, "access": "rwm" }, { "allow": true, "type": "a", "access": "mrw" }]""", null },
            {
                """[{ "allow": true, "type": "a", "access": "rwm" }, { "allow": false, "type": "a", "access": "rwm" }]""",
                []
            },
            { """[{ "allow": true, "access": "rw" }]""", ["block-* rw", "char-* rw"] },
            {
                """[{ "allow": false, "access": "rwm" }, { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm" }, { "allow": true, "type": "b", "major": 8, "access": "r" }]""",
                ["block-8 r", "/dev/char/10:229 rwm"]
            },
            {
                """[{ "allow": true, "type": "c", "major": 226, "minor": -1, "access": "w" }, { "allow": true, "type": "u", "major": -1, "minor": -1, "access": "m" }]""",
                ["char-* m", "char-226 w"]
            },
            {
                """[{ "allow": true, "type": "c", "major": 10, "minor": 1, "access": "rwm" }, { "allow": false, "type": "c", "major": 10, "access": "w" }]""",
                ["/dev/char/10:1 rm"]
            },
            {
                """[{ "allow": true, "type": "c", "major": 10, "access": "rwm" }, { "allow": false, "type": "c", "access": "rwm" }]""",
                []
            },
            {
                """[{ "allow": true, "type": "c", "major": 10, "access": "r" }, { "allow": false, "type": "b", "major": 10, "access": "rwm" }]""",
                ["char-10 r"]
            },
            { """[{ "allow": true, "type": "p", "major": 1, "minor": 1, "access": "rwm" }]""", [] },
        };

    /// <summary>Members of linux.resources and their lines.</summary>
    public static TheoryData<string, string[]> Limits =>
        new()
        {
            {
                """ "memory": { "limit": 268435456, "reservation": 134217728, "swap": 536870912 } """,
                ["MemoryMax=268435456", "MemoryLow=134217728", "MemorySwapMax=268435456"]
            },
            {
                """ "memory": { "limit": -1, "swap": -1, "kernel": 0, "swappiness": 10, "disableOOMKiller": true } """,
                []
            },
            { """ "memory": { "limit": 268435456, "swap": 268435456 } """, ["MemoryMax=268435456", "MemorySwapMax=0"] },
            {
                """ "memory": null, "pids": null, "cpu": null, "blockIO": null, "unified": null, "network": null, "hugepageLimits": null """,
                []
            },
            { """ "pids": { "limit": 100 } """, ["TasksMax=100"] },
            { """ "pids": { "limit": -1 } """, [] },
            { """ "cpu": { "shares": 1024 } """, ["CPUWeight=39"] },
            { """ "cpu": { "shares": 2 } """, ["CPUWeight=1"] },
            { """ "cpu": { "shares": 262144 } """, ["CPUWeight=10000"] },
            { """ "cpu": { "quota": 150000 } """, ["CPUQuota=150%"] },
            {
                """ "cpu": { "quota": 3333, "period": 50000, "cpus": "0-1,3", "mems": "0" } """,
                ["CPUQuota=6.66%", "CPUQuotaPeriodSec=50000us", "AllowedCPUs=0-1,3", "AllowedMemoryNodes=0"]
            },
            { """ "cpu": { "quota": -1, "period": 100000, "idle": 1 } """, ["CPUWeight=idle"] },
            {
                """ "blockIO": { "weight": 500, "weightDevice": [{ "major": 8, "minor": 0, "weight": 10 }], "throttleReadBpsDevice": [{ "major": 8, "minor": 0, "rate": 600 }, { "major": 8, "minor": 16, "rate": 700 }], "throttleWriteIOPSDevice": [{ "major": 8, "minor": 0, "rate": 5 }] } """,
                [
                    "IOWeight=4950",
                    "IODeviceWeight=/dev/block/8:0 1",
                    "IOReadBandwidthMax=/dev/block/8:0 600",
                    "IOReadBandwidthMax=/dev/block/8:16 700",
                    "IOWriteIOPSMax=/dev/block/8:0 5",
                ]
            },
            {
                """ "unified": { "memory.max": "134217728", "memory.high": "100000000", "memory.swap.max": "0", "pids.max": "77", "cpu.max": "20000 100000", "cpu.weight": "50", "cpuset.cpus": "0", "io.max": "8:0 rbps=1048576 wiops=10\n8:16 wbps=max", "io.weight": "default 20\n8:0 30" } """,
                [
                    "MemoryMax=134217728",
                    "MemoryHigh=100000000",
                    "MemorySwapMax=0",
                    "TasksMax=77",
                    "CPUQuota=20%",
                    "CPUWeight=50",
                    "AllowedCPUs=0",
                    "IOReadBandwidthMax=/dev/block/8:0 1048576",
                    "IOWriteIOPSMax=/dev/block/8:0 10",
                    "IOWeight=20",
                    "IODeviceWeight=/dev/block/8:0 30",
                ]
            },
            {
                """ "memory": { "limit": 268435456 }, "unified": { "memory.max": "max", "cpu.max": "max 100000", "cpu.idle": "0" } """,
                []
            },
            {
                """ "memory": { "limit": 268435456 }, "unified": { "memory.max": "134217728" } """,
                ["MemoryMax=134217728"]
            },
        };

    /// <summary>What can't hold, and whether it does with runc.</summary>
    public static TheoryData<string, bool> Unheld =>
        new()
        {
            { """ "hugepageLimits": [{ "pageSize": "2MB", "limit": 0 }] """, true },
            { """ "rdma": { "mlx5_1": { "hcaHandles": 3 } } """, true },
            { """ "unified": { "hugetlb.1GB.max": "1073741824" } """, true },
            { """ "unified": { "memory.oom.group": "1" } """, true },
            { """ "network": { "classID": 1048577 } """, false },
            { """ "memory": { "kernel": 1000000 } """, false },
            { """ "cpu": { "realtimeRuntime": 950000 } """, false },
            { """ "memory": { "limit": 1048576 } """, true },
            { """ "pids": { "limit": 1 } """, true },
            { """ "unified": { "pids.max": "3" } """, true },
            {
                """ "devices": [{ "allow": true, "access": "rwm" }, { "allow": false, "type": "b", "major": 7, "access": "rwm" }] """,
                true
            },
            { """ "devices": [{ "allow": true, "type": "c", "minor": 3, "access": "r" }] """, true },
        };

    public static TheoryData<string> Wrong =>
        [
            """ "memory": { "limit": "1G" } """,
            """ "memory": { "limit": 1.5 } """,
            """ "memory": [] """,
            """ "pids": { "limit": [1] } """,
            """ "pids": 7 """,
            """ "memory": { "swap": 1000 } """,
            """ "memory": { "limit": 268435456, "swap": 1000 } """,
            """ "cpu": { "cpus": "0\nExecStartPre=/x" } """,
            """ "unified": { "memory.max": "1G" } """,
            """ "unified": { "memory.max": "1\nUser=x" } """,
            """ "unified": { "cpu.max": "1 2 3" } """,
            """ "unified": { "io.max": "sda rbps=1" } """,
            """ "devices": {} """,
            """ "devices": [7] """,
            """ "devices": [{ "allow": "yes" }] """,
            """ "devices": [{ "allow": true, "major": "8" }] """,
            """ "blockIO": { "throttleReadBpsDevice": [{ "rate": 5 }] } """,
        ];

    [Theory]
    [MemberData(nameof(Devices))]
    public void Devices_are_those_that_the_document_allows(string rules, string[]? allowed)
    {
        foreach (RuntimeKind runtime in Enum.GetValues<RuntimeKind>())
        {
            Assert.Equal(
                allowed is null ? [] : [.. s_closed, .. allowed.Select(a => "DeviceAllow=" + a)],
                UnitLimits
                    .Of(Resources($$""" "devices": {{rules}} """), runtime, system: true)
                    .Lines(null)
                    .OrderBy(l => l.StartsWith("DeviceAllow=/", StringComparison.Ordinal))
            );
            Assert.Empty(UnitLimits.Of(Resources($$""" "devices": {{rules}} """), runtime, system: false).Lines(null));
        }
    }

    [Fact]
    public void A_document_without_resources_is_no_free_for_all() =>
        Assert.Equal(
            [.. s_closed, "DeviceAllow=block-* m", "DeviceAllow=char-* m"],
            UnitLimits.Of(JsonNode.Parse("""{ "linux": {} }""")!.AsObject(), RuntimeKind.Crun, system: true).Lines(null)
        );

    [Fact]
    public void A_node_that_the_document_asks_for_can_be_made_and_opened_where_the_list_says_so() =>
        Assert.Equal(
            [.. s_closed, "DeviceAllow=/dev/block/7:0 m", "DeviceAllow=/dev/char/10:229 rwm"],
            UnitLimits
                .Of(
                    JsonNode
                        .Parse(
                            """
                            {
                              "linux": {
                                "devices": [{ "path": "/dev/fuse", "type": "c", "major": 10, "minor": 229 }, { "path": "/dev/loop0", "type": "b", "major": 7, "minor": 0 }],
                                "resources": { "devices": [{ "allow": false, "access": "rwm" }, { "allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw" }] }
                              }
                            }
                            """
                        )!
                        .AsObject(),
                    RuntimeKind.Crun,
                    system: true
                )
                .Lines(null)
        );

    [Theory]
    [MemberData(nameof(Limits))]
    public void Each_limit_has_its_line(string resources, string[] lines)
    {
        foreach (RuntimeKind runtime in Enum.GetValues<RuntimeKind>())
        {
            Assert.Equal(lines, UnitLimits.Of(Resources(resources), runtime, system: false).Lines(null));
        }
    }

    [Theory]
    [MemberData(nameof(Unheld))]
    public void What_nobody_would_hold_is_refused_by_name(string resources, bool byRunc)
    {
        SysctrException refusal = Assert.Throws<SysctrException>(() =>
            UnitLimits.Of(Resources(resources), RuntimeKind.Crun, system: true)
        );

        Assert.Equal(ErrorKind.Host, refusal.Kind);
        Assert.Contains("linux.resources.", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(byRunc, refusal.Hint!.Contains("--runtime runc", StringComparison.Ordinal));
        if (byRunc)
        {
            UnitLimits.Of(Resources(resources), RuntimeKind.Runc, system: true);
        }
        else
        {
            Assert.Equal(
                ErrorKind.Host,
                Assert
                    .Throws<SysctrException>(() => UnitLimits.Of(Resources(resources), RuntimeKind.Runc, system: true))
                    .Kind
            );
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_that_is_none_is_refused_and_makes_no_line(string resources)
    {
        foreach (RuntimeKind runtime in Enum.GetValues<RuntimeKind>())
        {
            Assert.Equal(
                ErrorKind.Template,
                Assert.Throws<SysctrException>(() => UnitLimits.Of(Resources(resources), runtime, system: true)).Kind
            );
        }
    }

    [Fact]
    public void A_unit_of_runcs_leaves_room_for_the_start_and_runcs_own_group_is_as_narrow_as_it_says() =>
        Assert.Equal(
            ["MemoryMax=33554432", "TasksMax=64"],
            UnitLimits
                .Of(
                    Resources(""" "memory": { "limit": 8388608 }, "pids": { "limit": 5 } """),
                    RuntimeKind.Runc,
                    system: false
                )
                .Lines(null)
        );

    [Theory]
    [InlineData("MemoryMax=100M", new string[0])]
    [InlineData("MemoryMax=268435456", new string[0])]
    [InlineData("MemoryMax=1G", new[] { "MemoryMax=268435456" })]
    [InlineData("MemoryMax=infinity", new[] { "MemoryMax=268435456" })]
    [InlineData("MemoryMax=10%", new[] { "MemoryMax=268435456" })]
    [InlineData("MemoryMax=100M\nMemoryMax=", new[] { "MemoryMax=268435456" })]
    public void What_the_unit_says_itself_stays_where_it_is_as_strict(string own, string[] lines) =>
        Assert.Equal(
            lines,
            UnitLimits
                .Of(Resources(""" "memory": { "limit": 268435456 } """), RuntimeKind.Crun, system: false)
                .Lines(UnitText.Parse($"[Service]\n{own}\n"))
        );

    [Fact]
    public void Devices_of_the_units_own_give_way_and_sets_are_not_joined()
    {
        JsonObject document = Resources(
            """ "devices": [{ "allow": false }], "cpu": { "shares": 1024, "cpus": "0" } """
        );
        UnitLimits limits = UnitLimits.Of(document, RuntimeKind.Crun, system: true);

        Assert.Equal(
            [.. s_closed, "AllowedCPUs=", "AllowedCPUs=0"],
            limits.Lines(
                UnitText.Parse(
                    "[Service]\nDevicePolicy=auto\nDeviceAllow=/dev/kmsg rw\nAllowedCPUs=0-7\nCPUWeight=500\n"
                )
            )
        );
        Assert.Empty(
            limits.Lines(
                UnitText.Parse("[Service]\n" + string.Join('\n', limits.Lines(null).Where(l => !l.EndsWith('='))))
            )
        );
    }

    [Fact]
    public void A_host_without_the_controller_refuses_limits_and_passes_shares()
    {
        UnitLimits hard = UnitLimits.Of(Resources(""" "pids": { "limit": 100 } """), RuntimeKind.Runc, system: true);
        UnitLimits share = UnitLimits.Of(Resources(""" "cpu": { "shares": 1024 } """), RuntimeKind.Runc, system: true);

        Assert.Contains(
            "'pids'",
            Assert.Throws<SysctrException>(() => hard.Check(["memory", "cpu"])).Message,
            StringComparison.Ordinal
        );
        Assert.Empty(hard.Check(["pids"]));
        Assert.Empty(hard.Check(null));
        Assert.Contains("no effect", Assert.Single(share.Check([])), StringComparison.Ordinal);
    }

    private static JsonObject Resources(string members) =>
        JsonNode.Parse($$"""{ "linux": { "resources": { {{members}} } } }""")!.AsObject();
}
