// SPDX-License-Identifier: Apache-2.0

using System.Collections;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Runtime.Launch;
using Xunit;

namespace SystemContainers.Tests.Runtime.Launch;

/// <summary>What a start adds to config.json by its annotations; that a payload has it is in OrdinaryTests.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-start-").FullName;

    public void Dispose() => Directory.Delete(_base, recursive: true);

    [Fact]
    public void A_device_has_the_number_that_it_has_now_and_may_be_used()
    {
        JsonObject document = Document((StartAnnotations.Devices, "/dev/zero:/dev/box:r"));

        StartDevices.Add(document, root: true, bindsNodes: false);

        Assert.Equal(
            """{"path":"/dev/box","type":"c","major":1,"minor":5,"fileMode":438,"uid":0,"gid":0}""",
            document["linux"]!["devices"]![0]!.ToJsonString()
        );
        Assert.Equal(
            """{"allow":true,"type":"c","major":1,"minor":5,"access":"r"}""",
            document["linux"]!["resources"]!["devices"]![0]!.ToJsonString()
        );
    }

    [Fact]
    public void Who_makes_no_nodes_gets_the_hosts()
    {
        JsonObject document = Document((StartAnnotations.Devices, "/dev/zero:/dev/box:r"));

        StartDevices.Add(document, root: false, bindsNodes: false);

        Assert.Equal(
            """{"destination":"/dev/box","type":"bind","source":"/dev/zero","options":["bind","nosuid","noexec","private","ro"]}""",
            document["mounts"]![0]!.ToJsonString()
        );
    }

    /// <summary>A runtime that makes no node binds the host's of the very path: it would be another device.</summary>
    [Theory]
    [InlineData("/dev/zero:/dev/null", true, false, "/dev/zero")]
    [InlineData("/dev/zero:/dev/null", false, true, "/dev/zero")]
    [InlineData("/dev/zero", true, false, null)]
    [InlineData("/dev/zero", false, true, null)]
    [InlineData("/dev/zero:/dev/null", false, false, null)]
    public void A_renamed_device_is_bound_where_no_node_is_made(
        string device,
        bool userNamespace,
        bool bindsNodes,
        string? bound
    )
    {
        JsonObject document = Document((StartAnnotations.Devices, device));
        document["mounts"] = new JsonArray();
        document["linux"]!["namespaces"] = new JsonArray(
            new JsonObject { ["type"] = userNamespace ? "user" : "mount" }
        );

        StartDevices.Add(document, root: true, bindsNodes);

        Assert.Equal(bound, document["mounts"]!.AsArray().SingleOrDefault()?["source"]?.ToString());
        Assert.Equal(bound is null, document["linux"]!["devices"] is not null);
        Assert.Equal(
            """[{"allow":true,"type":"c","major":1,"minor":5,"access":"rwm"}]""",
            document["linux"]!["resources"]!["devices"]!.ToJsonString()
        );
    }

    [Fact]
    public void A_device_that_is_not_there_is_named()
    {
        SysctrException e = Assert.Throws<SysctrException>(() =>
            StartDevices.Add(Document((StartAnnotations.Devices, "/dev/no-such-device")), root: true, bindsNodes: false)
        );

        Assert.Equal(ErrorKind.NotFound, e.Kind);
        Assert.Contains("/dev/no-such-device", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Of a start that failed nobody has removed them.</summary>
    [Fact]
    public void Credentials_are_those_of_this_start_alone()
    {
        string given = Directory.CreateDirectory(Path.Join(_base, "given")).FullName;
        string bundle = Directory.CreateDirectory(Path.Join(_base, "bundle")).FullName;
        foreach (string credential in (string[])["old", "new"])
        {
            File.WriteAllText(Path.Join(given, credential), credential);
            StartSecrets.AddCredentials(Document((StartAnnotations.Environment, "unit")), bundle, "web", given);
            File.Delete(Path.Join(given, credential));
        }

        Assert.Equal(["new"], Directory.GetFiles(Path.Join(bundle, "credentials")).Select(f => Path.GetFileName(f)!));

        StartSecrets.AddCredentials(Document((StartAnnotations.Environment, "unit")), bundle, "web", null);
        Assert.False(Directory.Exists(Path.Join(bundle, "credentials")));
    }

    [Fact]
    public void Secrets_are_variables_or_copies_that_nobody_else_gets_to()
    {
        string directory = Directory.CreateDirectory(Path.Join(_base, "secrets.d")).FullName;
        File.WriteAllText(Path.Join(directory, "pw"), "hidden\n");
        File.SetUnixFileMode(Path.Join(directory, "pw"), UnixFileMode.UserRead);
        string bundle = Directory.CreateDirectory(Path.Join(_base, "bundle")).FullName;
        JsonObject document = Document(
            (StartAnnotations.Secrets, "pw,type=env,target=PW\npw,target=/etc/pw,mode=0400\nword,type=env")
        );
        string credentials = Directory.CreateDirectory(Path.Join(_base, "credentials")).FullName;
        File.WriteAllText(Path.Join(credentials, "word"), "loaded");
        File.WriteAllText(Path.Join(credentials, "pw"), "a file of the administrator's counts before it");

        StartSecrets.Add(document, bundle, directory, credentials);

        Assert.Equal("""["A=image","PW=hidden\n","word=loaded"]""", document["process"]!["env"]!.ToJsonString());
        Assert.Equal("/etc/pw", document["mounts"]![0]!["destination"]!.GetValue<string>());
        string copy = document["mounts"]![0]!["source"]!.GetValue<string>();
        Assert.Equal("hidden\n", File.ReadAllText(copy));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.GetDirectoryName(copy)!)
        );
    }

    [Theory]
    [InlineData(true, ErrorKind.Unsafe)]
    [InlineData(false, ErrorKind.NotFound)]
    public void A_secret_that_others_may_read_or_that_is_not_there_fails_the_start(bool there, ErrorKind kind)
    {
        if (there)
        {
            File.WriteAllText(Path.Join(_base, "pw"), "known");
            File.SetUnixFileMode(Path.Join(_base, "pw"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
        }

        Assert.Equal(
            kind,
            Assert
                .Throws<SysctrException>(() =>
                    StartSecrets.Add(Document((StartAnnotations.Secrets, "pw")), _base, _base, _base + "/none")
                )
                .Kind
        );
    }

    [Fact]
    public void What_the_unit_sets_comes_over_the_images_and_what_the_manager_sets_does_not_come()
    {
        JsonObject document = Document((StartAnnotations.Environment, "unit"));
        Hashtable own = new()
        {
            ["A"] = "drop-in",
            ["B"] = "also",
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
            ["LANG"] = "C.UTF-8",
            ["LC_ALL"] = "de_DE.UTF-8",
            ["NOTIFY_SOCKET"] = "/run/systemd/notify",
            ["INVOCATION_ID"] = "0",
            ["TOLD"] = "x",
            ["CREDENTIALS_DIRECTORY"] = "/run/credentials/x",
            ["HOME"] = "/root",
        };

        UnitEnvironment.Add(document, own, (() => ["LANG=C.UTF-8"], () => ["TOLD=x"]));

        Assert.Equal("""["A=drop-in","B=also","LC_ALL=de_DE.UTF-8"]""", document["process"]!["env"]!.ToJsonString());
    }

    [Theory]
    [InlineData("unit", true, "A=image HTTP_PROXY=h UNIT=1 no_proxy=n")]
    [InlineData("unit\nno-proxies", true, "A=image UNIT=1")]
    [InlineData("unit\nall", true, "A=image HTTP_PROXY=h MANAGERS=1 UNIT=1 no_proxy=n")]
    [InlineData("unit", false, "A=image HTTP_PROXY=h no_proxy=n")]
    [InlineData("unit\nall\nno-proxies", false, "A=image MANAGERS=1 UNIT=1")]
    public void Proxies_of_the_host_come_under_what_the_image_says_and_all_of_it_where_that_was_asked_for(
        string lines,
        bool isRoot,
        string variables
    )
    {
        JsonObject document = Document((StartAnnotations.Environment, lines));
        Hashtable own = new()
        {
            ["A"] = "manager",
            ["HTTP_PROXY"] = "h",
            ["no_proxy"] = "n",
            ["UNIT"] = "1",
            ["MANAGERS"] = "1",
            ["INVOCATION_ID"] = "0",
        };

        UnitEnvironment.Add(
            document,
            own,
            isRoot ? (() => ["A=manager", "HTTP_PROXY=h"], () => ["no_proxy=n", "MANAGERS=1"]) : null
        );

        Assert.Equal(
            variables,
            string.Join(
                ' ',
                document["process"]!["env"]!.AsArray().Select(v => v!.ToString()).Order(StringComparer.Ordinal)
            )
        );
    }

    /// <summary>What [Service] of a declaring file gives podman, podman's container does not have.</summary>
    [Fact]
    public void What_the_declaring_file_gives_its_service_is_not_the_payload_s()
    {
        string file = Path.Join(_base, "own.env");
        File.WriteAllText(file, "A=file\nF=file\nD=file\n");
        JsonObject document = Document(
            (
                StartAnnotations.Environment,
                string.Join(
                    '\n',
                    "unit",
                    StartAnnotations.OfService("S", "service"),
                    StartAnnotations.OfService("T", "service"),
                    StartAnnotations.OfService("U", null),
                    StartAnnotations.OfService("https_proxy", "p"),
                    StartAnnotations.ServiceFile + file
                )
            )
        );
        Hashtable own = new()
        {
            ["A"] = "file",
            ["D"] = "drop-in",
            ["F"] = "file",
            ["S"] = "service",
            ["T"] = "drop-in",
            ["U"] = "boot",
            ["https_proxy"] = "p",
        };

        UnitEnvironment.Add(document, own, (() => [], () => []));

        Assert.Equal(
            """["A=image","D=drop-in","T=drop-in","https_proxy=p"]""",
            document["process"]!["env"]!.ToJsonString()
        );
    }

    /// <summary>Its value does not tell whose it is: of one that is known at a start alone any would do.</summary>
    [Fact]
    public void What_a_drop_in_sets_is_the_payloads_whoever_else_sets_it()
    {
        string file = Path.Join(_base, "own.env");
        File.WriteAllText(file, "A=file\n");
        Directory.CreateDirectory(Path.Join(_base, "etc/systemd/system/web@.service.d"));
        Directory.CreateDirectory(Path.Join(_base, "run/systemd/system/web@1.service.d"));
        File.WriteAllText(Path.Join(_base, "of-drop-in.env"), "# one\nM=same\n");
        File.WriteAllText(
            Path.Join(_base, "etc/systemd/system/web@.service.d/mine.conf"),
            "[Service]\nEnvironment=BOOT=mine \"A=file\" 'L=C.UTF-8 X=1'\nEnvironment=\"Q\\\"=1\"\nEnvironmentFile=-/of-drop-in.env\nPassEnvironment=P\n[Unit]\nEnvironment=NO=1\n"
        );
        File.WriteAllText(
            Path.Join(_base, "run/systemd/system/web@1.service.d/20-declared.conf"),
            "[Service]\nEnvironment=OURS=service\n"
        );
        // Taken away, and unreadable: neither keeps the others from being read.
        foreach (string masked in (string[])["aaa.conf", "zzz.conf"])
        {
            File.CreateSymbolicLink(Path.Join(_base, "etc/systemd/system/web@.service.d", masked), "/dev/null");
            Directory.CreateDirectory(Path.Join(_base, "usr/lib/systemd/system/web@.service.d"));
            File.WriteAllText(
                Path.Join(_base, "usr/lib/systemd/system/web@.service.d", masked),
                "[Service]\nEnvironment=MASKED=1\n"
            );
        }

        IReadOnlyCollection<string> dropIns = DropInVariables.Of("web@1.service", _base);
        Assert.Equal(["A", "BOOT", "L", "M", "P", "Q\\\""], dropIns.Order(StringComparer.Ordinal));
        JsonObject document = Document(
            (
                StartAnnotations.Environment,
                string.Join(
                    '\n',
                    "unit",
                    StartAnnotations.OfService("BOOT", null),
                    StartAnnotations.OfService("M", "same"),
                    StartAnnotations.OfService("OURS", "service"),
                    StartAnnotations.ServiceFile + file
                )
            )
        );
        Hashtable own = new()
        {
            ["A"] = "file",
            ["BOOT"] = "mine",
            ["L"] = "C.UTF-8 X=1",
            ["M"] = "same",
            ["OURS"] = "service",
            ["P"] = "manager",
        };

        UnitEnvironment.Add(document, own, (() => ["L=C.UTF-8 X=1", "P=manager"], () => []), () => dropIns);

        Assert.Equal(
            """["A=file","BOOT=mine","L=C.UTF-8 X=1","M=same","P=manager"]""",
            document["process"]!["env"]!.ToJsonString()
        );
    }

    /// <summary>podman: libpod/container_internal_linux.go, and pkg/env.</summary>
    [Fact]
    public void A_payload_is_told_that_it_is_in_a_container_and_its_host_s_name()
    {
        JsonObject document = Document((StartAnnotations.Environment, "unit"));
        UnitEnvironment.AddUsual(document, "the-host");
        Assert.Equal(
            """["A=image","container=oci","HOSTNAME=the-host"]""",
            document["process"]!["env"]!.ToJsonString()
        );

        document = Document((StartAnnotations.Environment, "unit"));
        document["hostname"] = "own";
        document["process"]!["env"] = new JsonArray("container=image");
        UnitEnvironment.AddUsual(document, "the-host");
        Assert.Equal("""["container=image","HOSTNAME=own"]""", document["process"]!["env"]!.ToJsonString());

        document = Document();
        UnitEnvironment.AddUsual(document, "the-host");
        Assert.Equal("""["A=image"]""", document["process"]!["env"]!.ToJsonString());
    }

    [Fact]
    public void A_configuration_that_does_not_ask_keeps_its_variables()
    {
        JsonObject document = Document();

        UnitEnvironment.Add(document, new Hashtable { ["B"] = "also" }, (() => [], () => []));

        Assert.Equal("""["A=image"]""", document["process"]!["env"]!.ToJsonString());
    }

    private static JsonObject Document(params (string Name, string Lines)[] annotations)
    {
        JsonObject document = (JsonObject)
            JsonNode.Parse("""{"process": {"env": ["A=image"], "user": {"uid": 0, "gid": 0}}, "linux": {}}""")!;
        JsonObject all = [];
        foreach ((string name, string lines) in annotations)
        {
            all[name] = lines;
        }

        document["annotations"] = all;
        return document;
    }
}
