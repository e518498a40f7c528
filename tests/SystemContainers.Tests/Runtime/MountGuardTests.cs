// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Runtime;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>What a config.json may mount, on real directories, links and mounts; what a payload does between two starts
/// is in the host tests.</summary>
public sealed class MountGuardTests : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-guard-").FullName;
    private readonly List<string> _others = [];

    public MountGuardTests() =>
        Shell(
            """
            mkdir -p lib/store/deployments/x/0/rootfs lib/store/objects/ab lib/n/a/b lib/other run/store alias view disk
            touch lib/store/meta.json lib/file
            """
        );

    public void Dispose() => Shell("umount alias view disk 2>/dev/null; cd /; rm -rf \"$OLDPWD\"");

    [Theory]
    [InlineData("lib/store")]
    [InlineData("lib/store/")]
    [InlineData("lib//store/./deployments")]
    [InlineData("lib/store/objects")]
    [InlineData("lib/store/meta.json")]
    [InlineData("lib/store/deployments/x/0/rootfs")]
    [InlineData("lib/store/not/yet/there")]
    [InlineData("lib/n/../store")]
    [InlineData("run/store")]
    public void A_source_in_the_store_is_refused(string source) =>
        Refused(Bind($"{_base}/{source}"), "lib/store|run/store|'..'|sysctr's own");

    [Theory]
    [Trait("needs", "root")]
    [InlineData("ln -s lib/store link", "link")]
    [InlineData("ln -s lib link", "link/store/objects")]
    [InlineData("ln -s store/objects lib/link", "lib/link")]
    [InlineData("ln -s ../lib/store/objects lib/link", "lib/link")]
    [InlineData("ln -s lib/one link && ln -s store/deployments lib/one", "link")]
    [InlineData("mount --bind lib/store/objects alias", "alias/ab")]
    [InlineData("mount --bind lib alias", "alias/store")]
    [InlineData("mount --bind lib view && mount --bind view/store/objects alias", "alias")]
    [InlineData("mount --bind lib/store/meta.json lib/file", "lib/file")]
    public void So_is_one_that_leads_there_by_links_and_mounts(string make, string source)
    {
        Shell(make);
        try
        {
            Refused(Bind($"{_base}/{source}"), "sysctr's own");
        }
        finally
        {
            Shell("umount lib/file 2>/dev/null");
        }
    }

    [Theory]
    [InlineData("/proc/self/root")]
    [InlineData("/proc/1/root")]
    [InlineData("/proc/thread-self/root")]
    public void A_door_of_a_process_is_no_way(string door) =>
        Refused(Bind(door + _base + "/lib/n"), "link of a process|others than root|readlinkat");

    [Fact]
    public void A_source_below_the_bundle_is_in_the_store() => Refused(Bind("rootfs/etc"), "bundle");

    /// <summary>A directory of the host as root is a mount like others; a checkout of ours is nobody's to write
    /// to.</summary>
    [Fact]
    public void A_root_that_is_no_checkout_is_looked_at_too()
    {
        string checkout = $"{_base}/lib/store/deployments/x/0/rootfs";
        Assert.Equal(
            ErrorKind.Unsafe,
            Assert.Throws<SysctrException>(() => Guard().Protect(Rooted(checkout, isReadOnly: false))).Kind
        );
        Assert.False(Guard().Protect(Rooted(checkout, isReadOnly: true)));
        Assert.False(Guard().Protect(Rooted($"{_base}/lib/n", isReadOnly: false)));
        JsonObject around = Rooted($"{_base}/lib", isReadOnly: false);
        Assert.True(Guard().Protect(around));
        Assert.Equal("/store", Assert.Single(around["mounts"]!.AsArray())!["destination"]!.ToString());
        JsonObject shared = Rooted($"{_base}/lib", isReadOnly: true);
        shared["linux"] = new JsonObject { ["rootfsPropagation"] = "shared" };
        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => Guard().Protect(shared)).Kind);
    }

    [Fact]
    public void What_a_payload_may_write_in_its_root_leads_nowhere()
    {
        Shell("ln -s /etc lib/n/link");
        JsonObject document = Rooted($"{_base}/lib/n", isReadOnly: false);
        document["mounts"] = new JsonArray(JsonNode.Parse(Bind($"{_base}/lib/n/link")));

        SysctrException refused = Assert.Throws<SysctrException>(() => Guard().Protect(document));

        Assert.Contains("the payload can write in its directory", refused.Message, StringComparison.Ordinal);
        string config = $"{_base}/config.json";
        File.WriteAllText(config, document.ToJsonString());
        Assert.Contains($"{_base}/lib/n", MountGuard.WritableSources(config));
        document["root"]!["readonly"] = true;
        File.WriteAllText(config, document.ToJsonString());
        Assert.DoesNotContain($"{_base}/lib/n", MountGuard.WritableSources(config));
    }

    private static JsonObject Rooted(string path, bool isReadOnly) =>
        new()
        {
            ["root"] = new JsonObject { ["path"] = path, ["readonly"] = isReadOnly },
            ["mounts"] = new JsonArray(),
        };

    [Theory]
    [InlineData("none", "bind")]
    [InlineData("tmpfs", "rbind")]
    [InlineData("proc", "bind")]
    public void A_bind_mount_by_its_option_alone_counts(string type, string option) =>
        Refused(
            $$"""{"destination": "/m", "type": "{{type}}", "source": "{{_base}}/lib/store", "options": ["{{option}}"]}""",
            "sysctr's own"
        );

    [Theory]
    [InlineData("lowerdir=/usr:BASE/lib/store/objects")]
    [InlineData("lowerdir=/usr,upperdir=BASE/lib/store/objects,workdir=BASE/lib/n")]
    [InlineData("lowerdir=BASE/lib")]
    [InlineData("lowerdir+=BASE/lib/store")]
    public void The_layers_of_an_overlay_are_sources_too(string options) =>
        Refused(
            $$"""{"destination": "/m", "type": "overlay", "source": "overlay", "options": ["{{options.Replace("BASE", _base, StringComparison.Ordinal)}}"]}""",
            "store"
        );

    [Fact]
    [Trait("needs", "programs")]
    public void Nor_does_the_device_that_holds_the_store_get_mounted()
    {
        Shell(
            "truncate -s 16M image && mkfs.ext4 -q image && mount -o loop image disk && mkdir disk/store && losetup -j image | cut -d: -f1 > device"
        );
        string device = File.ReadAllText($"{_base}/device").Trim();

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            new MountGuard([$"{_base}/disk/store"], null, () => []).Protect(
                Document($$"""{"destination": "/m", "type": "ext4", "source": "{{device}}"}""")
            )
        );

        Assert.Contains("on that device", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lib", "bind", "/m/store")]
    [InlineData("", "rbind", "/m/lib/store /m/run/store")]
    public void What_contains_the_store_is_covered(string source, string option, string covers)
    {
        JsonObject document = Document(Bind($"{_base}/{source}", option));

        Assert.True(Guard().Protect(document));

        Assert.Equal(covers.Split(' '), Covers(document));
        Assert.False(Guard().Protect(document));
    }

    [Fact]
    [Trait("needs", "root")]
    public void What_is_mounted_below_a_source_comes_along_only_where_the_bind_is_recursive()
    {
        Shell("mount --bind lib/store/objects view && mkdir -p lib/other/in && mount --bind lib lib/other/in");
        try
        {
            JsonObject recursive = Document(Bind($"{_base}/lib/other", "rbind"));
            JsonObject plain = Document(Bind($"{_base}/lib/other", "bind"));

            Guard().Protect(recursive);

            Assert.Equal(["/m/in/store"], Covers(recursive));
            Assert.False(Guard().Protect(plain));
        }
        finally
        {
            Shell("umount lib/other/in");
        }
    }

    [Theory]
    [InlineData("rshared", "rbind", "rslave")]
    [InlineData("shared", "rshared", "rslave")]
    [InlineData("rshared", "rslave", "rslave")]
    [InlineData("rslave", "rshared", "rshared")]
    public void A_cover_is_never_seen_by_the_host(string root, string option, string propagation)
    {
        JsonObject document = Document(Bind($"{_base}/lib", "rbind", option));
        document["linux"] = new JsonObject { ["rootfsPropagation"] = root };

        Guard().Protect(document);

        Assert.Equal(
            [propagation],
            document["mounts"]![0]!["options"]!.AsArray().Select(o => o!.ToString()).Where(o => o != "rbind")
        );
    }

    [Fact]
    public void A_link_in_a_directory_of_the_administrator_is_followed()
    {
        Shell("ln -s n/a lib/link && ln -s b lib/n/a/link");

        Assert.False(Guard().Protect(Document(Bind($"{_base}/lib/link"))));
        Assert.False(Guard().Protect(Document(Bind($"{_base}/lib/n/a/link"))));
        Assert.False(Guard().Protect(Document(Bind($"{_base}/lib/n/a", "rbind", "ro"), Bind($"{_base}/lib/n/a/link"))));
    }

    [Theory]
    [InlineData("b", "lib/n/a/b")]
    [InlineData("b", "lib/n/a/b/c/d")]
    [InlineData("deep/b", "lib/n/a/deep/b")]
    public void A_link_where_the_payload_can_write_is_not(string link, string source)
    {
        Shell($"rm -r lib/n/a/b; mkdir -p $(dirname lib/n/a/{link}); ln -s /etc lib/n/a/{link}");

        Refused($"{Bind($"{_base}/lib/n/a")}, {Bind($"{_base}/{source}")}", "the payload can write");
        Refused($"{Bind($"{_base}/{source}")}, {Bind($"{_base}/lib/n", "rbind", "rw")}", "the payload can write");
        Refused(
            $"{Bind($"{_base}/{source}")}, {Bind($"{_base}/lib/n", "rbind", "ro", "rrw")}",
            "the payload can write"
        );
    }

    [Fact]
    [Trait("needs", "root")]
    public void Nor_one_that_leads_there_by_another_name_of_what_it_can_write()
    {
        Shell("ln -s /etc lib/n/a/link && mount --bind lib/n/a alias");

        Refused($"{Bind($"{_base}/alias")}, {Bind($"{_base}/lib/n/a/link")}", "the payload can write");
    }

    [Fact]
    public void Nor_one_where_another_container_can_write()
    {
        Shell("ln -s /etc lib/other/link");
        _others.Add($"{_base}/lib/other");

        Refused(Bind($"{_base}/lib/other/link"), "another container can write");
    }

    [Theory]
    [Trait("needs", "root")]
    [InlineData("chmod 0777 lib/other")]
    [InlineData("chmod 1777 lib/other")]
    [InlineData("chgrp 1000 lib/other && chmod 0770 lib/other")]
    [InlineData("chown 1000 lib/other")]
    public void Nor_one_where_a_user_can_write(string make)
    {
        Shell($"ln -s /etc lib/other/link && {make}");

        Refused(Bind($"{_base}/lib/other/link"), "others than root can write");
    }

    [Fact]
    public void The_helper_of_the_own_deployment_is_the_one_thing_of_the_store_that_is_mounted()
    {
        string bundle = $"{_base}/lib/store/deployments/x/0";
        Shell("touch lib/store/deployments/x/0/sysctr-listen lib/store/deployments/x/0/config.json");
        MountGuard guard = new([$"{_base}/lib/store"], bundle, () => []);

        Assert.False(guard.Protect(Document(Bind(bundle + "/sysctr-listen", "bind", "ro"))));
        Assert.Throws<SysctrException>(() => guard.Protect(Document(Bind(bundle + "/sysctr-listen", "bind", "rw"))));
        Assert.Throws<SysctrException>(() => guard.Protect(Document(Bind(bundle + "/config.json", "bind", "ro"))));
    }

    /// <summary>Of other images' trees a container sees its own; and the config.json of a command, which is elsewhere,
    /// is that of a deployment.</summary>
    [Theory]
    [InlineData("x/0", "x/0/image-0", "ro", true)]
    [InlineData("x/0", "x/0/image-12/etc/file", "ro", true)]
    [InlineData("x/0", "x/0/image-3/not/yet", "ro", true)]
    [InlineData("x/0", "x/0/image-0", "rw", false)]
    [InlineData("x/0", "x/0/image-0/up", "ro", false)]
    [InlineData("x/0", "x/0/image-0/../rootfs", "ro", false)]
    [InlineData("x/0", "x/0/image-", "ro", false)]
    [InlineData("x/0", "x/0/images", "ro", false)]
    [InlineData("x/1", "x/0/image-0", "ro", false)]
    [InlineData("y/0", "x/0/image-0", "ro", false)]
    [InlineData("../../../run/commands/1", "x/0/image-0", "ro", true)]
    [InlineData("../../../run/commands/1", "x/0/rootfs", "ro", false)]
    public void A_tree_of_another_image_is_seen_by_the_container_that_mounts_it(
        string bundle,
        string source,
        string access,
        bool allowed
    )
    {
        string deployments = $"{_base}/lib/store/deployments";
        Shell(
            """
            mkdir -p run/commands/1 lib/store/deployments/y/0
            cd lib/store/deployments/x/0; mkdir -p image-0 image-12/etc images
            touch image-12/etc/file; ln -s ../rootfs image-0/up
            """
        );
        MountGuard guard = new([$"{_base}/lib/store"], Path.GetFullPath($"{deployments}/{bundle}"), () => []);
        JsonObject document = Document(Bind($"{deployments}/{source}", "bind", access));

        if (allowed)
        {
            Assert.False(guard.Protect(document));
        }
        else
        {
            Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => guard.Protect(document)).Kind);
        }
    }

    private MountGuard Guard() => new([$"{_base}/lib/store", $"{_base}/run/store"], null, () => _others);

    private void Refused(string mounts, string said)
    {
        SysctrException refused = Assert.Throws<SysctrException>(() => Guard().Protect(Document(mounts)));
        Assert.Equal(ErrorKind.Unsafe, refused.Kind);
        Assert.Matches(said, refused.Message);
    }

    private static string[] Covers(JsonObject document) =>
        [
            .. document["mounts"]!
                .AsArray()
                .Where(m => m!["type"]!.ToString() == "tmpfs")
                .Select(m => m!["destination"]!.ToString()),
        ];

    private static JsonObject Document(params string[] mounts) =>
        JsonNode.Parse($$"""{"mounts": [{{string.Join(", ", mounts)}}]}""")!.AsObject();

    private static string Bind(string source, params string[] options) =>
        new JsonObject
        {
            ["destination"] = "/m",
            ["type"] = "bind",
            ["source"] = source,
            ["options"] = new JsonArray([.. (options.Length > 0 ? options : ["rbind"]).Select(o => (JsonNode)o)]),
        }.ToJsonString();

    private void Shell(string script)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = _base }
        )!;
        process.WaitForExit();
    }
}
