// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.Request;
using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.Render.HostFiles;

/// <summary>An image's tmpfiles lines do to the host what is the container's to do, and are installed in our own
/// writing.</summary>
public sealed class TmpfilesGuardTests
{
    private static readonly string[] s_there =
    [
        "/",
        "/run",
        "/etc",
        "/var",
        "/var/lib",
        "/var/log",
        "/var/cache",
        "/srv",
        "/tmp",
        "/home",
        "/srv/there",
        "/run/systemd",
        "/etc/systemd",
        "/etc/systemd/system",
        "/usr",
        "/dev",
    ];

    private readonly Dictionary<string, bool> _host = s_there.ToDictionary(p => p, _ => true, StringComparer.Ordinal);

    [Theory]
    // Those of the issue, and their brothers.
    [InlineData("# a comment\rf+ /etc/cron.d/x - - - - evil", 2, "/etc/cron.d/x")]
    [InlineData("\"f+\" /etc/x - - - - evil", 1, "/etc/x")]
    [InlineData("f+ /etc/\"x\" - - - - evil", 1, "/etc/x")]
    [InlineData("f\"+\" '/etc'/x - - - - evil", 1, "/etc/x")]
    [InlineData("L /run/a - - - - /etc\nf+ /run/a/x - - - - evil", 1, "/run/a")]
    [InlineData("L /run/etcd/a - - - - /etc\n", 1, "/etc")]
    [InlineData("L /run/etcd/a - - - - ../../etc\n", 1, "/etc")]
    [InlineData("L /run/etcd - - - - etcd/x\n", 1, "/run/etcd")]
    [InlineData("L /run/etcd/a - - - - b\nd /run/etcd/a/x 0777\n", 2, "below what line 1")]
    [InlineData("z /etc/passwd 0666", 1, "/etc/passwd")]
    [InlineData("a /etc/passwd - - - - u:1000:rw", 1, "/etc/passwd")]
    [InlineData("h /etc/passwd - - - - +i", 1, "/etc/passwd")]
    [InlineData("t /run/etcd - - - - security.capability=x", 1, "attribute")]
    [InlineData("h /run/etcd - - - - +i", 1, "attribute")]
    [InlineData("C /run/stolen 0644 1000 1000 - /etc/x", 1, "/run/stolen")]
    [InlineData("C /run/etcd/stolen 0644 1000 1000 - /etc/x", 1, "/etc/x")]
    [InlineData(
        "C /run/etcd/stolen 0644 1000 1000 - /var/lib/sysctr/deployments/etcd/1/rootfs/../../../meta.json",
        1,
        "meta.json"
    )]
    [InlineData("C /run/etcd/stolen 0644 1000 1000 - /var/lib/sysctr/deployments/etcd/1/rootfs/outside", 1, "outside")]
    [InlineData("C /run/etcd/su - - - - /var/lib/sysctr/deployments/etcd/1/rootfs/bin", 1, "set-user-ID")]
    [InlineData("C /run/etcd/factory", 1, "factory")]
    [InlineData("L /run/etcd/factory", 1, "factory")]
    [InlineData("Z /* 0777", 1, "/*")]
    [InlineData("Z /run/../etc 0777", 1, "upwards")]
    [InlineData("Z / 0777 - - -", 1, "/")]
    [InlineData("e /tmp - - - 1s", 1, "/tmp")]
    [InlineData("w /etc/passwd - - - - x", 1, "/etc/passwd")]
    [InlineData("F /etc/passwd - - - - x", 1, "/etc/passwd")]
    [InlineData("L+ //etc/./passwd - - - - /x", 1, "/etc/passwd")]
    [InlineData("d /run/x\nr /etc/pass*", 2, "/etc/pass*")]
    [InlineData("R /var/lib - - -", 1, "/var/lib")]
    [InlineData("A+ / - - - - u:x:rwx", 1, "/")]
    [InlineData("c /run/etcd/disk 0666 - - - 8:0", 1, "device")]
    [InlineData("b+ /run/etcd/disk 0666 - - - 8:0", 1, "device")]
    [InlineData("f^ /run/etcd/x - - - - secret", 1, "'^'")]
    [InlineData("d /run/systemd/system.control 0777 1000 1000", 0, null)]
    [InlineData("d /run/nologin", 1, "/run/nologin")]
    [InlineData("f /run/nologin", 1, "/run/nologin")]
    [InlineData("f /run/sysctl.d", 1, "/run/sysctl.d")]
    [InlineData("f /etc/ld.so.preload - - - - /evil.so", 1, "/etc/ld.so.preload")]
    [InlineData("f /etc/not-there", 1, "/etc/not-there")]
    [InlineData("d /usr/lib/x", 1, "/usr/lib/x")]
    [InlineData("d /var/lib/sysctr/x 0777", 1, "/var/lib/sysctr/x")]
    [InlineData("d /home/user/x", 1, "others than root")]
    public void What_is_not_the_containers_is_left_alone(string lines, int line, string? said)
    {
        _host["/etc/passwd"] = false;
        _host["/home/user"] = true;
        if (said is null)
        {
            // A directory in a place of the host's: nobody's but root's.
            Assert.Equal("d /run/systemd/system.control - - - - -\n", Admit(lines).Tmpfiles);
            return;
        }

        SysctrException error = Assert.Throws<SysctrException>(() => Admit(lines));

        Assert.Equal(ErrorKind.Unsafe, error.Kind);
        Assert.Contains($"/exports/tmpfiles.template:{line}:1", error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RUN_DIRECTORY", "/")]
    [InlineData("STATE_DIRECTORY", "/etc")]
    [InlineData("NAME", "/etc")]
    public void What_an_image_says_of_itself_allows_it_nothing(string variable, string value)
    {
        TestImage image = new TestImage()
            .File("/exports/manifest.json", $$$"""{"defaultValues": {"{{{variable}}}": "{{{value}}}"}}""")
            .File("/exports/tmpfiles.template", "f+ /etc/etcd/x - - - - evil\n");

        Assert.Equal(
            ErrorKind.Unsafe,
            Assert.Throws<SysctrException>(() => ContainerRenderer.Render(Request(image))).Kind
        );
    }

    [Theory]
    [InlineData("etc", "f+ /etc/passwd")]
    [InlineData("etc", "Z /etc 0777")]
    [InlineData("systemd", "f+ /run/systemd/x")]
    [InlineData("sysctl.d", "f+ /run/sysctl.d/x.conf")]
    [InlineData("nologin", "d /run/nologin")]
    [InlineData("there", "R /var/lib/there")]
    public void A_name_makes_nothing_ones_own_that_others_have(string name, string lines)
    {
        _host["/var/lib/there"] = true;
        TestImage image = new TestImage().File("/exports/tmpfiles.template", lines + "\n");

        Assert.Equal(
            ErrorKind.Unsafe,
            Assert.Throws<SysctrException>(() => ContainerRenderer.Render(Request(image) with { Name = name })).Kind
        );
    }

    [Theory]
    [InlineData("d ${RUN_DIRECTORY}/$NAME - - - - -", "d /run/etcd 0700 - - - -\n")]
    [InlineData("d /run/$NAME", "d /run/etcd 0700 - - - -\n")]
    [InlineData("D \"/run/$NAME\"\t0755", "D /run/etcd 0755 - - - -\n")]
    [InlineData("d /var/run/$NAME 4755 1000 1000 10d", "d /run/etcd 0755 1000 1000 10d -\n")]
    [InlineData("d %S/$NAME 2770 etcd etcd", "d /var/lib/etcd 2770 etcd etcd - -\n")]
    [InlineData(
        "d /var/lib/$NAME/$NAME.etcd 0700 0 0 - -\nZ /var/lib/$NAME/$NAME.etcd 6700 0 0 - -",
        "d /var/lib/etcd 0700 0 0 - -\nd /var/lib/etcd/etcd.etcd 0700 0 0 - -\nZ /var/lib/etcd/etcd.etcd 0700 0 0 - -\n"
    )]
    [InlineData(
        "d /run/$NAME\nL+ /run/$NAME/a - - - - b\nf+ /run/$NAME/f 0644 - - - x%%\\x20\nR /run/$NAME/t*\np /run/$NAME/p",
        "d /run/etcd 0700 - - - -\nL+ /run/etcd/a - - - - b\nf+ /run/etcd/f 0644 - - - x%%\\x20\nR /run/etcd/t* - - - - -\np /run/etcd/p - - - - -\n"
    )]
    [InlineData(
        "C /var/lib/$NAME - - - - $DESTDIR/rootfs/link",
        "C /var/lib/etcd 0700 - - - /var/lib/sysctr/deployments/etcd/1/rootfs/seed\n"
    )]
    [InlineData("d /srv/there 0755 root root 10d", "d /srv/there - - - - -\n")]
    [InlineData("D! /srv/there 0777", "d! /srv/there - - - - -\n")]
    [InlineData("D /srv/new 0777 1000 - 10d", "d /srv/new 0755 0 - - -\n")]
    [InlineData("d /run/sysctl.d 0777 1000 1000", "d /run/sysctl.d 0755 0 0 - -\n")]
    [InlineData("w /run/$NAME/x - - - - y\ne /run/$NAME/* 0777\ne /run/$NAME 0755", "e /run/etcd 0755 - - - -\n")]
    [InlineData("d /var/lib/kubelet", "d /var/lib/kubelet 0700 - - - -\n")]
    [InlineData(
        "d /var/lib/docker 0710 0 0 - -\nd /etc/docker - - - - -\nd /var/run",
        "d /var/lib/docker 0710 0 0 - -\nd /etc/docker - - - - -\n"
    )]
    [InlineData(
        "d /var/lib/other/$NAME.etcd 0700 0 0\nZ /var/lib/other/$NAME.etcd 0700 0 0",
        "d /var/lib/other/etcd.etcd - - - - -\n"
    )]
    [InlineData(
        "r /etc/systemd/system/docker.service.d/$NAME.conf - - - - -\nd /etc/systemd/system/docker.service.d 0777",
        "d /etc/systemd/system/docker.service.d - - - - -\n"
    )]
    [InlineData("f /var/run/$NAME.log 0666 0 0 - said", "f /run/etcd.log 0644 0 0 - said\n")]
    [InlineData("f /run/xtables.lock", "f /run/xtables.lock 0644 0 0 - -\n")]
    [InlineData("d /run/$NAME 0700 0 0 - -\r\n\r\n# end\r\n", "d /run/etcd 0700 0 0 - -\n")]
    [InlineData("R /var/lib/${NAME}/cache/*\nR /run/$NAME/{..,x}\nR /run/$NAME/.*", null)]
    public void What_is_the_containers_is_written_anew(string lines, string? installed) =>
        Assert.Equal(installed, Admit(lines).Tmpfiles);

    [Fact]
    public void Below_what_the_payload_writes_to_systemd_follows_no_link_of_the_payloads()
    {
        TestImage image = new TestImage()
            .File(
                "/exports/config.json",
                RenderRequests.Config(
                    """{"type": "bind", "destination": "/m", "source": "/var/lib/etcd"}, {"type": "bind", "destination": "/n", "source": "/run/etcd"}"""
                )
            )
            .File(
                "/exports/tmpfiles.template",
                "d /var/lib/etcd/a 0750\nd /var/lib/etcd/a/b 4750 7 8\nf+ /var/lib/etcd/a/x - - - - evil\nd /run/etcd/a/b\n"
            );

        RenderedContainer container = ContainerRenderer.Render(Request(image));

        Assert.Equal(
            "d /var/lib/etcd 0700 0 0 - -\nd /run/etcd 0700 0 0 - -\nd /var/lib/etcd/a 0750 - - - -\n",
            container.Tmpfiles
        );
        Assert.Equal(
            [
                new OnceLine("/var/lib/etcd", "d /var/lib/etcd/a/b 0750 7 8 - -"),
                new OnceLine("/run/etcd", "d /run/etcd/a/b - - - - -"),
            ],
            container.TmpfilesOnce
        );
        Assert.Contains(container.Warnings, w => w.Contains("/var/lib/etcd/a/x", StringComparison.Ordinal));
    }

    /// <summary>Each admitted type against a link of root's in its place, by systemd-tmpfiles itself: what the link
    /// leads to stays as it is.</summary>
    [Theory]
    [Trait("needs", "programs")]
    [InlineData("d {0} 0777 7 7 1s")]
    [InlineData("D {0} 0777 7 7 -")]
    [InlineData("v {0} 0777 7 7 -")]
    [InlineData("q {0} 0777 7 7 -")]
    [InlineData("f {0} 0777 7 7 - evil")]
    [InlineData("f+ {0} 0777 7 7 - evil")]
    [InlineData("F {0} 0777 7 7 - evil")]
    [InlineData("w {0} 0777 7 7 - evil")]
    [InlineData("w+ {0} 0777 7 7 - evil")]
    [InlineData("e {0} 0777 7 7 1s")]
    [InlineData("L+ {0} - - - - other")]
    [InlineData("p {0} 0777 7 7 -")]
    [InlineData("p+ {0} 0777 7 7 -")]
    [InlineData("C {0} 0777 7 7 - $DESTDIR/rootfs/seed")]
    [InlineData("C+ {0} 0777 7 7 - $DESTDIR/rootfs/seed")]
    [InlineData("z {0} 0777 7 7 -")]
    [InlineData("Z {0} 0777 7 7 -")]
    [InlineData("m {0} 0777 7 7 -")]
    [InlineData("r {0}")]
    [InlineData("R {0}")]
    [InlineData("R {0}*")]
    [InlineData("Z {0}* 0777 7 7")]
    [InlineData("t {0} - - - - user.evil=x")]
    [InlineData("T {0} - - - - user.evil=x")]
    [InlineData("a {0} - - - - u:7:rwx")]
    [InlineData("A {0} - - - - u:7:rwx")]
    [InlineData("h {0} - - - - +d")]
    public async Task A_link_in_the_place_of_what_is_admitted_is_not_followed(string line)
    {
        string directory = Directory.CreateTempSubdirectory("guard").FullName;
        try
        {
            foreach (string name in (string[])["file", "directory"])
            {
                string outside = $"{directory}/outside-{name}";
                Directory.CreateDirectory($"{directory}/etcd");
                Directory.CreateDirectory($"{directory}/rootfs/seed");
                File.WriteAllText($"{directory}/rootfs/seed/copied", "x");
                if (name == "file")
                {
                    File.WriteAllText(outside, "mine");
                }
                else
                {
                    Directory.CreateDirectory(outside + "/below");
                }

                await ProcessRunner.RunAsync(
                    "touch",
                    [
                        "-d",
                        "1 year ago",
                        outside,
                        .. Directory.Exists(outside) ? [outside + "/below"] : Array.Empty<string>(),
                    ],
                    CancellationToken.None
                );
                string before = await StateAsync(outside);
                File.CreateSymbolicLink($"{directory}/etcd/x", outside);
                RenderRequest request = RenderRequests.For(
                    new TestImage()
                        .File("/seed/copied", "x")
                        .File(
                            "/exports/tmpfiles.template",
                            "d $RUN_DIRECTORY/$NAME 0755\n"
                                + line.Replace("{0}", "$RUN_DIRECTORY/$NAME/x", StringComparison.Ordinal)
                                + "\n"
                        )
                );
                string lines = ContainerRenderer
                    .Render(request with { RunDirectory = directory, DestinationDirectory = directory })
                    .Tmpfiles!;
                File.WriteAllText($"{directory}/lines.conf", lines);

                await ProcessRunner.RunAsync(
                    "systemd-tmpfiles",
                    ["--remove", "--create", "--clean", "--boot", $"{directory}/lines.conf"],
                    CancellationToken.None
                );

                Assert.True(
                    before == await StateAsync(outside),
                    $"{lines}changed it:\n{before}{await StateAsync(outside)}"
                );
                Directory.Delete($"{directory}/etcd", recursive: true);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        static async Task<string> StateAsync(string path) =>
            (
                await ProcessRunner.RunAsync(
                    "sh",
                    [
                        "-c",
                        "find \"$1\" -printf '%p %y %m %u %g %s %T@\\n' | sort; find \"$1\" -exec getfattr -d -m - {} + 2>/dev/null; lsattr -d \"$1\"",
                        "sh",
                        path,
                    ],
                    CancellationToken.None
                )
            ).Output;
    }

    [Fact]
    public void What_the_administrator_sets_is_the_containers_too()
    {
        TestImage image = new TestImage().File("/exports/tmpfiles.template", "f+ $STATE_DIRECTORY/$NAME/x - - - - y\n");

        Assert.Equal(
            "d /data/etcd 0700 0 0 - -\nf+ /data/etcd/x - - - - y\n",
            ContainerRenderer
                .Render(Request(image) with { Set = new Dictionary<string, string> { ["STATE_DIRECTORY"] = "/data/" } })
                .Tmpfiles
        );
    }

    [Fact]
    public void Ones_own_directories_stay_ones_own()
    {
        _host["/var/lib/etcd"] = true;
        TestImage image = new TestImage().File(
            "/exports/tmpfiles.template",
            "D /var/lib/etcd 0750 - - 10d\nf+ /var/lib/etcd/x"
        );

        Assert.Equal(
            "D /var/lib/etcd 0750 - - 10d -\nf+ /var/lib/etcd/x - - - - -\n",
            ContainerRenderer.Render(Request(image) with { GeneratedBefore = ["/var/lib/etcd"] }).Tmpfiles
        );
        Assert.Throws<SysctrException>(() => ContainerRenderer.Render(Request(image)));
    }

    [Fact]
    public void Volumes_are_below_a_directory_that_root_alone_enters()
    {
        ImageRunConfig run = new()
        {
            Cmd = ["x"],
            Volumes = new Dictionary<string, EmptyObject> { ["/data"] = new(), ["/var/lib/x"] = new() },
        };
        Assert.StartsWith(
            "d /var/lib/etcd 0700 0 0 - -\n",
            ContainerRenderer.Render(RenderRequests.For(new TestImage(), run)).Tmpfiles,
            StringComparison.Ordinal
        );

        // Somebody else's directory keeps its mode.
        _host["/var/lib/etcd"] = true;
        RenderedContainer container = ContainerRenderer.Render(
            RenderRequests.For(new TestImage(), run) with
            {
                Host = Request(new TestImage()).Host,
            }
        );
        Assert.Equal(
            "d /var/lib/etcd/var 0700 0 0 - -\nd /var/lib/etcd/data 0755 0 0 - -\nd /var/lib/etcd/var/lib/x 0755 0 0 - -\n",
            container.Tmpfiles
        );
        Assert.Contains(container.Warnings, w => w.Contains("/data", StringComparison.Ordinal));
    }

    [Fact]
    public void Sources_of_the_containers_own_are_below_a_directory_that_root_alone_enters() =>
        Assert.Equal(
            "d /var/lib/etcd 0700 0 0 - -\nd /var/lib/etcd/data 0700 0 0 - -\n",
            ContainerRenderer
                .Render(
                    Request(
                        new TestImage().File(
                            "/exports/config.json",
                            RenderRequests.Config(
                                """{"type": "bind", "destination": "/m", "source": "/var/lib/etcd/data"}"""
                            )
                        )
                    )
                )
                .Tmpfiles
        );

    private RenderRequest Request(TestImage image)
    {
        RenderRequest request = RenderRequests.For(image);
        return request with
        {
            Host = request.Host with
            {
                IsDirectory = path => _host.TryGetValue(path, out bool isDirectory) ? isDirectory : null,
                IsRootsAlone = path => path != "/home/user",
            },
        };
    }

    private RenderedContainer Admit(string lines) =>
        ContainerRenderer.Render(
            Request(
                new TestImage()
                    .File("/seed/file", "x")
                    .Link("/link", "seed")
                    .Link("/outside", "/nowhere")
                    .File("/bin/su", "x", mode: 0x9ed)
                    .File("/exports/tmpfiles.template", lines + "\n")
            )
        );
}
