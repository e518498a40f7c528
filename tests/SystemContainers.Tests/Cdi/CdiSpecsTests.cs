// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cdi;
using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Cdi;

public sealed class CdiSpecsTests : IDisposable
{
    /// <summary>The interface's own example (schema/testdata/good/spec-example.json).</summary>
    private const string Example = """
        {
          "cdiVersion": "0.6.0",
          "kind": "vendor.com/device",
          "devices": [
            {
              "name": "myDevice",
              "containerEdits": {
                "deviceNodes": [
                  {"hostPath": "/vendorroot/dev/card1", "path": "/dev/card1"},
                  {"path": "/dev/card2"}
                ]
              }
            }
          ],
          "containerEdits": {
            "env": [
              "FOO=CDI_SPEC",
              "BAR=BARVALUE1"
            ],
            "deviceNodes": [
              {"path": "/dev/vendorctl", "uid": 1000, "gid": 1000}
            ],
            "mounts": [
              {"hostPath": "/bin/vendorBin", "containerPath": "/bin/vendorBin"},
              {"hostPath": "/usr/lib/libVendor.so.0", "containerPath": "/usr/lib/libVendor.so.0"}
            ],
            "hooks": [
              {"hookName": "createContainer", "path": "/bin/vendor-hook"},
              {"hookName": "startContainer", "path": "/usr/bin/ldconfig"}
            ]
          }
        }
        """;

    private const string Yaml = """
        ---
        cdiVersion: 1.1.0
        kind: vendor.com/net
        annotations: {what: a card}
        devices:
          - name: "0"
            containerEdits:
              netDevices: [{hostInterfaceName: eth7, name: eth0}]
              deviceNodes:
                - {path: /dev/a, type: c, major: 240, minor: 1, fileMode: 0660, permissions: none}
              additionalGids: [0, 44]
          - name: all
            containerEdits:
              env: [ALL=yes]
              intelRdt: {closID: fast, schemata: ["L3:0=f"], enableMonitoring: true}
              hooks:
                - {hookName: poststop, path: /x, args: [x, y], env: [A=b], timeout: 5}
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-cdi-").FullName;

    [Fact]
    public void The_example_of_the_interface_is_read()
    {
        Write("/etc/cdi/vendor.json", Example);

        IReadOnlyList<(string File, CdiEdits Edits)> all = Resolve("vendor.com/device=myDevice");

        Assert.Equal(["/etc/cdi/vendor.json", "/etc/cdi/vendor.json"], all.Select(e => e.File));
        (CdiEdits shared, CdiEdits own) = (all[0].Edits, all[1].Edits);
        Assert.Equal(["FOO=CDI_SPEC", "BAR=BARVALUE1"], shared.Env);
        Assert.Equal(
            [new CdiDeviceNode("/dev/vendorctl", "/dev/vendorctl", "rwm") { Uid = 1000, Gid = 1000 }],
            shared.DeviceNodes
        );
        Assert.Equal(["/bin/vendorBin", "/usr/lib/libVendor.so.0"], shared.Mounts.Select(m => m.ContainerPath));
        Assert.True(shared.Mounts[0].IsBind);
        Assert.Equal(
            [("createContainer", "/bin/vendor-hook"), ("startContainer", "/usr/bin/ldconfig")],
            shared.Hooks.Select(h => (h.Stage, h.Path))
        );
        Assert.Equal(
            [
                new CdiDeviceNode("/dev/card1", "/vendorroot/dev/card1", "rwm"),
                new CdiDeviceNode("/dev/card2", "/dev/card2", "rwm"),
            ],
            own.DeviceNodes
        );
    }

    [Fact]
    public void Yaml_says_the_same()
    {
        Write("/run/cdi/net.yaml", Yaml);

        IReadOnlyList<(string File, CdiEdits Edits)> all = Resolve("vendor.com/net=0", "vendor.com/net=all");

        Assert.Equal(3, all.Count);
        Assert.True(all[0].Edits.IsEmpty);
        CdiEdits one = all[1].Edits;
        Assert.Equal([("eth7", "eth0")], one.NetDevices);
        Assert.Equal([44], one.AdditionalGids);
        Assert.Equal(
            new CdiDeviceNode("/dev/a", "/dev/a", "")
            {
                Type = "c",
                Major = 240,
                Minor = 1,
                FileMode = 0x1B0,
            },
            Assert.Single(one.DeviceNodes)
        );
        CdiHook hook = Assert.Single(all[2].Edits.Hooks);
        Assert.Equal(("poststop", "/x", 5), (hook.Stage, hook.Path, hook.Timeout));
        Assert.Equal(["x", "true"], hook.Args);
        Assert.Equal(["A=b"], hook.Env);
        Assert.Equal(
            """{"closID":"fast","schemata":["L3:0=f"],"enableMonitoring":true}""",
            all[2].Edits.IntelRdt!.ToJsonString()
        );
    }

    [Fact]
    public void What_was_made_at_boot_counts_before_what_was_installed()
    {
        Write("/etc/cdi/a.json", OneDevice("OLD=1"));
        Write("/run/cdi/b.json", OneDevice("NEW=1"));

        Assert.Equal(["NEW=1"], Resolve("v.com/c=x")[1].Edits.Env);
    }

    [Fact]
    public void Two_files_of_one_directory_do_not_describe_one_device()
    {
        Write("/etc/cdi/a.json", OneDevice("A=1"));
        Write("/etc/cdi/b.json", OneDevice("B=1"));

        SysctrException e = Assert.Throws<SysctrException>(() => Resolve("v.com/c=x"));

        Assert.Equal(ErrorKind.Conflict, e.Kind);
        Assert.Contains("/etc/cdi/a.json and /etc/cdi/b.json", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_nothing_describes_is_told_with_those_that_are()
    {
        Write("/etc/cdi/a.json", OneDevice("A=1"));
        Write("/etc/cdi/broken.json", "{");
        Write("/etc/cdi/ignored.txt", "{");

        SysctrException kind = Assert.Throws<SysctrException>(() => Resolve("v.com/other=x"));
        SysctrException device = Assert.Throws<SysctrException>(() => Resolve("v.com/c=y"));

        Assert.Equal((ErrorKind.NotFound, ErrorKind.NotFound), (kind.Kind, device.Kind));
        Assert.Contains(
            "is of the kind v.com/other; /etc/cdi/broken.json can't be",
            kind.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("v.com/c has x here", device.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("ignored", kind.Message, StringComparison.Ordinal);
    }

    /// <summary>What the interface's own reader refuses, too.</summary>
    [Theory]
    [InlineData("{}", "cdiVersion is missing")]
    [InlineData("[]", "mapping")]
    [InlineData("""{"cdiVersion":"2.0.0","kind":"v/c","devices":[]}""", "cdiVersion '2.0.0'")]
    [InlineData("""{"cdiVersion":"0.3.0","kind":"v","devices":[]}""", "no kind")]
    [InlineData("""{"cdiVersion":"0.3.0","kind":"v/c","devices":[]}""", "no devices")]
    [InlineData("""{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x"}]}""", "changes nothing")]
    [InlineData("""{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"frob":1}}]}""", "frob")]
    [InlineData(
        """{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"env":["=x"]}}]}""",
        "NAME="
    )]
    [InlineData(
        """{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"env":[[]]}}]}""",
        "strings"
    )]
    [InlineData(
        """{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"deviceNodes":[{"path":"/a","type":"x"}]}}]}""",
        "devices[0].containerEdits.deviceNodes[0].type"
    )]
    [InlineData(
        """{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"deviceNodes":[{"path":"/a","permissions":"rx"}]}}]}""",
        "permissions"
    )]
    [InlineData(
        """{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"hooks":[{"hookName":"never","path":"/a"}]}}]}""",
        "hookName 'never'"
    )]
    [InlineData(
        """{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"mounts":[{"hostPath":"/a","containerPath":"b"}]}}]}""",
        "'b' has to be an absolute path"
    )]
    [InlineData(
        """{"cdiVersion":"0.3.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"intelRdt":{"closID":".."}}}]}""",
        "closID"
    )]
    [InlineData(
        """{"cdiVersion":"1.1.0","kind":"v/c","devices":[{"name":"x","containerEdits":{"netDevices":[{"hostInterfaceName":"a","name":"b"},{"hostInterfaceName":"a","name":"c"}]}}]}""",
        "a second time"
    )]
    [InlineData("""{"cdiVersion":"0.3.0","cdiVersion":"0.4.0"}""", "uplicate")]
    [InlineData("""{"cdiVersion":"0.3.0","kind":"\ud800/c"}""", "surrogate")]
    public void A_file_that_is_no_specification_is_told(string text, string why)
    {
        Write("/etc/cdi/x.json", text);

        SysctrException e = Assert.Throws<SysctrException>(() => Resolve("v/c=x"));

        Assert.Contains("/etc/cdi/x.json can't be read: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    /// <summary>As sigs.k8s.io/yaml does where a text is meant; what it reads is YAML 1.1.</summary>
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0.0", "0")]
    [InlineData("0x10", "16")]
    [InlineData("0X1F", "31")]
    [InlineData("1_0", "10")]
    [InlineData("'1_0'", "1_0")]
    [InlineData("010", "8")]
    [InlineData("1.10", "1.1")]
    [InlineData("on", "true")]
    [InlineData("No", "false")]
    [InlineData("'010'", "010")]
    [InlineData("1-2", "1-2")]
    public void A_number_is_the_text_of_its_value(string written, string name)
    {
        Write(
            "/etc/cdi/x.yaml",
            $"""
            cdiVersion: 0.5.0
            kind: v.com/c
            devices:
              - name: {written}
                containerEdits:
                  hooks: [{"{"}hookName: createContainer, path: /bin/x, args: [x, {written}]{"}"}]
                  intelRdt: {"{"}closID: {written}, enableMonitoring: yes{"}"}
            """
        );

        CdiEdits edits = Resolve($"v.com/c={name}")[^1].Edits;

        Assert.Equal(["x", name], Assert.Single(edits.Hooks).Args);
        Assert.Equal($$"""{"closID":"{{name}}","enableMonitoring":true}""", edits.IntelRdt!.ToJsonString());
    }

    [Fact]
    public void Json_may_be_the_yaml_that_it_is()
    {
        Write(
            "/etc/cdi/x.json",
            """
            # by hand
            {"cdiVersion": "0.5.0", "kind": "v.com/c",
            	"devices": [{"name": 0, "containerEdits": {"env": ["A=b",],},},],
            }
            """
        );

        Assert.Equal(["A=b"], Resolve("v.com/c=0")[^1].Edits.Env);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static string OneDevice(string variable) =>
        """{"cdiVersion":"0.3.0","kind":"v.com/c","devices":[{"name":"x","containerEdits":{"env":["VARIABLE"]}}]}""".Replace(
            "VARIABLE",
            variable,
            StringComparison.Ordinal
        );

    private IReadOnlyList<(string File, CdiEdits Edits)> Resolve(params string[] names) =>
        CdiSpecs.Read(_root).Resolve(names);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root + path)!);
        File.WriteAllText(_root + path, text);
    }
}
