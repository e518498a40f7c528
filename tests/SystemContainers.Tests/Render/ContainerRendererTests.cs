// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.Render.Spec;
using Xunit;

namespace SystemContainers.Tests.Render;

/// <summary>The contract of image-contract.md from an image's exports to texts: values, units, config.json, tmpfiles,
/// host files.</summary>
public sealed class ContainerRendererTests
{
    private static TestImage Image => new TestImage().File("/exports/config.json", RenderRequests.Config());

    [Fact]
    public void Values_hold_in_their_order()
    {
        TestImage image = Image
            .File("/exports/service.template", "$NAME|$A|$B|$C|$RUN_DIRECTORY|$PIDFILE|$STATE_DIRECTORY")
            .File(
                "/exports/manifest.json",
                """{"defaultValues": {"A": "a", "B": "b", "C": "c", "NAME": "evil", "RUN_DIRECTORY": "/run/x"}}"""
            );

        RenderedContainer container = RenderRequests.Render(
            image,
            ("B", "set"),
            ("C", ""),
            ("STATE_DIRECTORY", "/srv")
        );

        Assert.Equal("etcd|a|set||/run/x|/run/x/container-etcd.pid|/srv", container.Units.Single().Text);
        Assert.Equal("set", container.Values["B"]);
        Assert.Equal("/var/lib/sysctr/deployments/etcd/1", container.Values["DESTDIR"]);
    }

    [Fact]
    public void The_pid_file_is_known_before_anything_is_rendered()
    {
        TestImage image = Image.File("/exports/service.template", "$PIDFILE");

        RenderRequest request = RenderRequests.For(image, set: ("PIDFILE", "/run/other.pid"));

        Assert.Equal("/run/other.pid", request.PidFile);
        Assert.Equal(request.PidFile, ContainerRenderer.Render(request).Values["PIDFILE"]);
    }

    [Theory]
    [InlineData("NAME")]
    [InlineData("DESTDIR")]
    [InlineData("EXEC_START")]
    [InlineData("IMAGE_ID")]
    public void A_forced_value_cannot_be_set(string name) =>
        Fails(Image.File("/exports/service.template", $"${name}"), ErrorKind.Usage, name, (name, "x"));

    [Fact]
    public void An_unknown_value_is_an_error_that_lists_the_known_ones()
    {
        SysctrException error = Fails(
            Image
                .File("/exports/service.template", "$MINE")
                .File("/exports/manifest.json", """{"defaultValues": {"DEFAULTED": ""}}"""),
            ErrorKind.Usage,
            "TYPO",
            ("TYPO", "x"),
            ("MINE", "y")
        );

        Assert.Contains("DEFAULTED", error.Hint, StringComparison.Ordinal);
        Assert.Contains("MINE", error.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("DESTDIR", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\nExecStartPost=/bin/evil", "control character")]
    [InlineData("a\rb", "control character")]
    [InlineData("\u001b[1m", "control character")]
    [InlineData("%h/x", "'%'")]
    [InlineData("100%%%", "'%'")]
    [InlineData("x\\", "backslash")]
    public void A_value_is_no_more_than_a_text_in_a_unit_or_tmpfiles(string value, string reason)
    {
        Fails(Image.File("/exports/service.sbn", "X={{ A }}"), ErrorKind.Template, reason, ("A", value));
        Fails(
            Image.File("/exports/x.socket.template", "X=$A").File("/exports/service.sbn", ""),
            ErrorKind.Template,
            reason,
            ("A", value)
        );
        Fails(Image.File("/exports/tmpfiles.template", "d $A"), ErrorKind.Template, reason, ("A", value));
    }

    [Fact]
    public void A_doubled_percent_sign_and_the_images_own_specifiers_pass()
    {
        TestImage image = Image
            .File("/exports/service.template", "$A $B %n")
            .File("/exports/manifest.json", """{"defaultValues": {"B": "%i"}}""");

        Assert.Equal("50%% %i %n", RenderRequests.Render(image, ("A", "50%%")).Units.Single().Text);
    }

    [Fact]
    public void A_line_break_in_a_default_value_cannot_reach_a_unit_but_can_reach_json()
    {
        string manifest =
            """{"defaultValues": {"MOUNTS": ", {\"type\": \"tmpfs\",\n\"destination\": \"/x\", \"source\": \"tmpfs\"}"}}""";
        string config = RenderRequests.Config(
            mounts: """{"type": "proc", "destination": "/proc", "source": "proc"} $MOUNTS"""
        );
        TestImage good = new TestImage()
            .File("/exports/config.json.template", config)
            .File("/exports/manifest.json", manifest);

        Assert.Equal(["/proc", "/x"], RenderRequests.Render(good).Mounts.Select(m => m.Path));
        Fails(good.File("/exports/service.template", "X=$MOUNTS"), ErrorKind.Template, "MOUNTS");
    }

    [Fact]
    public void Capabilities_are_the_inside_of_a_list()
    {
        TestImage image = new TestImage().File(
            "/exports/config.json.template",
            """
            {"process": {"args": ["x"], "cwd": "/", "capabilities": {"bounding": [${ALL_PROCESS_CAPABILITIES}], "ambient": ["CAP_NEW"]}},
             "root": {"path": "rootfs", "readonly": true}}
            """
        );
        RenderRequest request = RenderRequests.For(image);
        request = request with { Host = request.Host with { Capabilities = ["CAP_CHOWN", "CAP_KILL"] } };

        RenderedContainer container = ContainerRenderer.Render(request);

        Assert.Contains("[\"CAP_CHOWN\", \"CAP_KILL\"]", container.ConfigText(), StringComparison.Ordinal);
        Assert.Contains("CAP_NEW", Assert.Single(container.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_capabilities_from_before_the_specification_becomes_the_sets()
    {
        TestImage image = new TestImage().File(
            "/exports/config.json",
            """{"process": {"args": ["x"], "cwd": "/", "capabilities": ["CAP_KILL"]}, "root": {"path": "rootfs", "readonly": true}, "x": 1.50}"""
        );

        Assert.Equal(
            """{"process":{"args":["x"],"cwd":"/","capabilities":{"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"inheritable":["CAP_KILL"],"permitted":["CAP_KILL"]}},"root":{"path":"rootfs","readonly":true},"x":1.50}""",
            RenderRequests.Render(image).ConfigText()
        );
    }

    [Theory]
    [InlineData("{\n \"process\": }", "config.json:2:13")]
    [InlineData("[]", "JSON object")]
    [InlineData("{\"a\": 1}", "process has to be an object, not missing")]
    [InlineData("""{"process": {"args": "x"}}""", "process.args has to be an array, not a string")]
    [InlineData("""{"process": {"args": []}}""", "process.args has to name a program")]
    [InlineData("""{"process": {"args": [1]}}""", "process.args has to be an array of strings, not a number")]
    [InlineData("""{"process": {"args": ["a"], "env": ["=b"]}}""", "process.env")]
    [InlineData("""{"process": {"args": ["a"], "cwd": "/"}}""", "root has to be an object")]
    [InlineData("""{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "/", "readonly": true}}""", "root.path")]
    [InlineData("""{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs"}}""", "root.readonly")]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "x"}, "root": {"path": "rootfs", "readonly": true}}""",
        "process.cwd"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "mounts": [{"destination": "/../x"}]}""",
        "mounts[0].destination"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "mounts": {}}""",
        "mounts has to be an array"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "Root": {"path": "/"}}""",
        "Root is there twice"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true, "readOnly": false}}""",
        "root.readOnly is there twice"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "hooks": {"a": [{"b": 1, "b": 2}]}}""",
        "hooks.a[0].b is there twice"
    )]
    [InlineData(
        """{"process": {"args": ["\ud800"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}}""",
        "process.args[0] is no string: it has half a surrogate pair"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/", "\udc00": 1}, "root": {"path": "rootfs", "readonly": true}}""",
        "a name in process is no string"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/", "env": ["A=\u0000"]}, "root": {"path": "rootfs", "readonly": true}}""",
        "process.env[0] has a NUL character"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "proce\u017fs": {}}""",
        "is there twice"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "linux": []}""",
        "linux has to be an object, not an array"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "linux": {"namespaces": "pid"}}""",
        "linux.namespaces has to be an array, not a string"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "linux": {"namespaces": [1]}}""",
        "linux.namespaces[0] has to be an object, not a number"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "linux": {"namespaces": [{"type": 5}]}}""",
        "linux.namespaces[0].type has to be a string, not a number"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "linux": {"rootfsPropagation": 7}}""",
        "linux.rootfsPropagation has to be a string, not a number"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "mounts": [{"destination": "/m", "type": "bind", "source": "/var/lib/x\nf+ /etc/passwd - - - - evil"}]}""",
        "mounts[0].source has a control character"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "mounts": [{"destination": "/m\n"}]}""",
        "mounts[0].destination has a control character"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/", "oomScoreAdj": 99999999999999999999}, "root": {"path": "rootfs", "readonly": true}}""",
        "process.oomScoreAdj is a number of more than 64 bits"
    )]
    [InlineData(
        """{"process": {"args": ["a"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "linux": {"a": [1e400]}}""",
        "linux.a[0] is a number of more than 64 bits"
    )]
    public void A_config_json_of_the_wrong_shape_is_refused_with_the_place(string config, string reason) =>
        Fails(new TestImage().File("/exports/config.json", config), ErrorKind.Template, reason);

    [Theory]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("-x")]
    [InlineData("a@b")]
    [InlineData("a\nb")]
    [InlineData("a b")]
    public void A_name_that_is_no_units_is_refused(string name)
    {
        RenderRequest request = RenderRequests.For(Image) with { Name = name };

        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => ContainerRenderer.Render(request)).Kind);
    }

    [Fact]
    public void A_name_may_end_in_a_number_with_a_dot() =>
        Assert.Equal(
            "etcd.0.service",
            ContainerRenderer.Render(RenderRequests.For(Image) with { Name = "etcd.0" }).Units.Single().FileName
        );

    [Fact]
    public void Missing_sources_get_lines_but_for_the_kernels_and_the_systems_own()
    {
        string mounts = string.Join(
            ", ",
            (
                (string[])
                    [
                        "/var/lib/a",
                        "/var/lib",
                        "/run/b c",
                        "/srv/d",
                        "/etc/e",
                        "/var/run/f",
                        "/usr/bin/docker",
                        "/sys/fs/selinux",
                        "/",
                        "relative",
                        "/var/lib/there",
                        "/run",
                        "/var/lib/../x",
                        "/var/lib/ours",
                    ]
            ).Select(s => $$"""{"type": "bind", "destination": "/m", "source": "{{s}}", "options": ["rbind"]}""")
        );
        RenderRequest request = RenderRequests.For(
            new TestImage().File("/exports/config.json", RenderRequests.Config(mounts))
        );
        request = request with
        {
            GeneratedBefore = ["/var/lib/ours"],
            Host = request.Host with
            {
                IsDirectory = path => path is "/var/lib/there" or "/var/lib/ours" ? true : null,
            },
        };

        RenderedContainer container = ContainerRenderer.Render(request);

        Assert.Equal(
            """
            d /etc/e 0700 0 0 - -
            d "/run/b c" 0700 0 0 - -
            d /run/f 0700 0 0 - -
            d /srv/d 0700 0 0 - -
            d /var/lib/a 0700 0 0 - -
            d /var/lib/ours 0700 0 0 - -

            """,
            container.Tmpfiles
        );
        Assert.Equal(
            ["/etc/e", "/run/b c", "/run/f", "/srv/d", "/var/lib/a", "/var/lib/ours"],
            container.GeneratedDirectories
        );
    }

    [Fact]
    public void Image_and_identifier_are_words_that_other_tools_take()
    {
        TestImage image = new TestImage()
            .File("/exports/hostfs/etc/f", "$IMAGE_NAME $IMAGE_ID")
            .File("/exports/manifest.json", """{"installedFilesTemplate": ["/etc/f"]}""");

        Assert.Equal(
            $"registry.example/etcd:3.4 {RenderRequests.For(image).ImageId.Hex}",
            Encoding.UTF8.GetString(RenderRequests.Render(image).HostFiles.Single(f => f.Target == "/etc/f").Content!)
        );
    }

    [Fact]
    public void An_image_that_says_nothing_runs_run_sh_where_it_has_one()
    {
        TestImage image = new TestImage().File("/usr/bin/run.sh", "#!/bin/sh");

        Assert.Contains(
            "/usr/bin/run.sh",
            ContainerRenderer.Render(RenderRequests.For(image, new ImageRunConfig())).ConfigText(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_the_installation_makes_as_a_file_is_bound_on_a_file()
    {
        RenderedContainer container = RenderRequests.Render(
            new TestImage()
                .File("/exports/hostfs/etc/snmpd", "x")
                .File("/exports/tmpfiles.template", "f /var/run/etcd.log 0644 0 0 - -\nd /run/there - - -\n")
                .File(
                    "/exports/config.json",
                    RenderRequests.Config(
                        """
                        {"type": "bind", "destination": "/a", "source": "/etc/snmpd"}, {"type": "bind", "destination": "/b", "source": "/run/etcd.log"},
                        {"type": "bind", "destination": "/c", "source": "/var/run/etcd.log"}, {"type": "bind", "destination": "/d", "source": "/run/there"},
                        {"type": "bind", "destination": "/e", "source": "/etc"}
                        """
                    )
                )
        );

        Assert.Equal(["/d", "/e"], container.Mounts.Where(m => m.IsDirectory).Select(m => m.Path));
        Assert.Equal(["/a", "/b", "/c"], container.Mounts.Where(m => !m.IsDirectory).Select(m => m.Path));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("config.json.template")]
    public void An_empty_configuration_is_none(string name)
    {
        string config = RenderRequests.Render(new TestImage().File("/exports/" + name, "\n{ }\n")).ConfigText();

        Assert.Contains("/usr/bin/etcd", config, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_file_that_is_bound_gets_no_directory()
    {
        RenderedContainer container = RenderRequests.Render(
            new TestImage()
                .File("/exports/hostfs/etc/snmpd", "x")
                .File(
                    "/exports/config.json",
                    RenderRequests.Config("""{"type": "bind", "destination": "/a", "source": "/etc/snmpd"}""")
                )
        );

        Assert.Null(container.Tmpfiles);
    }

    [Fact]
    public void The_images_own_tmpfiles_stand_alone()
    {
        TestImage image = new TestImage()
            .File(
                "/exports/config.json",
                RenderRequests.Config("""{"type": "bind", "destination": "/m", "source": "/var/lib/a"}""")
            )
            .File("/exports/tmpfiles.template", "d ${STATE_DIRECTORY}/$NAME 0700 ${HOST_UID} ${HOST_GID} - -\n");

        Assert.Equal("d /var/lib/etcd 0700 0 0 - -\n", RenderRequests.Render(image).Tmpfiles);
    }

    [Fact]
    public void Mount_points_follow_the_images_links_and_stop_at_what_is_mounted_over()
    {
        TestImage image = new TestImage()
            .Link("/var/run", "/run")
            .Link("/etc/resolv.conf", "../run/systemd/resolve/stub.conf")
            .Directory("/usr/lib")
            .Link("/lib", "usr/lib")
            .File(
                "/exports/config.json",
                RenderRequests.Config(
                    """
                    {"type": "tmpfs", "destination": "/run", "source": "tmpfs"},
                    {"type": "bind", "destination": "/var/run/x", "source": "/a"},
                    {"type": "bind", "destination": "/etc/resolv.conf", "source": "/etc/resolv.conf"},
                    {"type": "bind", "destination": "/lib/modules/1", "source": "/lib/modules"},
                    {"type": "bind", "destination": "/etc/hosts", "source": "/etc/hosts"},
                    {"type": "tmpfs", "destination": "/t", "source": "tmpfs", "options": ["mode=1777"]}
                    """
                )
            );

        Assert.Equal(
            [
                new RequiredMount("/etc/hosts", false, 0x1a4),
                new RequiredMount("/run", true, 0x1ed),
                new RequiredMount("/t", true, 0x3ff),
                new RequiredMount("/usr/lib/modules", true, 0x1ed),
                new RequiredMount("/usr/lib/modules/1", true, 0x1ed),
            ],
            RenderRequests.Render(image).Mounts
        );
    }

    [Fact]
    public void A_socket_with_accept_needs_no_service_of_its_own()
    {
        TestImage image = Image
            .File("/exports/echo.socket", "[Socket]\nAccept=yes\n")
            .File("/exports/echo@.service.sbn", "ExecStart={{ EXEC_START }}\n");

        Assert.Equal(["etcd.socket", "etcd@.service"], RenderRequests.Render(image).Units.Select(u => u.FileName));
    }

    [Fact]
    public void An_image_of_host_files_alone_has_no_unit_and_no_configuration()
    {
        TestImage image = new TestImage()
            .File("/exports/manifest.json", """{"noContainerService": true}""")
            .File("/exports/hostfs/usr/local/bin/tool", "#!/bin/sh\n", mode: 0x1ed);

        RenderedContainer container = RenderRequests.Render(image);

        Assert.Empty(container.Units);
        Assert.Null(container.ConfigJson);
        Assert.Equal(
            ["/usr", "/usr/local", "/usr/local/bin", "/usr/local/bin/tool"],
            container.HostFiles.Select(f => f.Target)
        );
    }

    [Fact]
    public void An_image_that_says_nothing_to_run_is_refused()
    {
        RenderRequest request = RenderRequests.For(new TestImage(), new ImageRunConfig());

        SysctrException error = Assert.Throws<SysctrException>(() => ContainerRenderer.Render(request));

        Assert.Contains("neither an entry point nor a command", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("0:nobody")]
    public void A_user_that_the_image_does_not_know_is_refused(string user)
    {
        RenderRequest request = RenderRequests.For(new TestImage(), new ImageRunConfig { User = user, Cmd = ["x"] });

        SysctrException error = Assert.Throws<SysctrException>(() => ContainerRenderer.Render(request));

        Assert.Contains("'nobody'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/a/../../etc")]
    [InlineData("/a\nb")]
    [InlineData("/.nested/x")]
    public void A_volume_that_is_no_directory_of_its_own_is_refused(string volume)
    {
        ImageRunConfig run = new()
        {
            Cmd = ["x"],
            Volumes = new Dictionary<string, EmptyObject> { [volume] = new() },
        };

        Assert.Equal(
            ErrorKind.Unsafe,
            Assert
                .Throws<SysctrException>(() => ContainerRenderer.Render(RenderRequests.For(new TestImage(), run)))
                .Kind
        );
    }

    [Fact]
    public void A_volume_is_never_kept_where_another_ones_container_could_swap_it_for_a_link()
    {
        ImageRunConfig run = new()
        {
            Cmd = ["x"],
            Volumes = new Dictionary<string, EmptyObject>
            {
                ["/a/b/c"] = new(),
                ["/a"] = new(),
                ["/a-b"] = new(),
                ["/a/%2F"] = new(),
            },
        };

        IReadOnlyList<Volume> volumes = Volume.Of(run, "/var/lib/x", new TestImage());

        Assert.Equal(
            [
                "/a /var/lib/x/a",
                "/a-b /var/lib/x/a-b",
                "/a/%2F /var/lib/x/.nested/a%2F%252F",
                "/a/b/c /var/lib/x/.nested/a%2Fb%2Fc",
            ],
            volumes.Select(v => $"{v.Destination} {v.Source}")
        );
    }

    [Fact]
    public void A_volumes_first_content_is_never_taken_through_a_link_of_the_image()
    {
        TestImage image = new TestImage().Link("/data", "/etc").File("/etc/motd", "the image's own");
        ImageRunConfig run = new()
        {
            Cmd = ["x"],
            Volumes = new Dictionary<string, EmptyObject> { ["/data"] = new() },
        };

        Assert.Equal(
            "d /var/lib/etcd 0700 0 0 - -\nC /var/lib/etcd/data - - - - /var/lib/sysctr/deployments/etcd/1/rootfs/etc\n",
            ContainerRenderer.Render(RenderRequests.For(image, run)).Tmpfiles
        );
    }

    private static SysctrException Fails(
        TestImage image,
        ErrorKind kind,
        string reason,
        params (string Name, string Value)[] set
    )
    {
        SysctrException error = Assert.Throws<SysctrException>(() => RenderRequests.Render(image, set));
        Assert.Equal(kind, error.Kind);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        return error;
    }
}
