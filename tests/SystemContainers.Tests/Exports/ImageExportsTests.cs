// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Exports;

/// <summary>Reading /exports: what is found, how units are named, what is refused.</summary>
public sealed class ImageExportsTests
{
    [Theory]
    [InlineData("service.template", "c.service")]
    [InlineData("service.sbn", "c.service")]
    [InlineData("etcd.service.sbn", "c.service")]
    [InlineData("etcd.service.sbn etcd.socket.sbn", "c.service c.socket")]
    [InlineData("etcd.service.sbn client.socket", "c.service c.socket")]
    [InlineData("docker.socket.template service.template", "c.service c.socket")]
    [InlineData("service.template service.sbn", "c.service")]
    [InlineData("service.template etcd.service", "c.service")]
    [InlineData("main.service other.service", "c.service c-other.service")]
    [InlineData("service.sbn gc.service gc.timer", "c.service c-gc.service c.timer")]
    [InlineData("web.service a.socket web.socket", "c.service c-a.socket c.socket")]
    [InlineData("a.socket b.socket", "c-a.socket c-b.socket")]
    [InlineData("echo@.service.sbn echo.socket", "c.socket c@.service")]
    [InlineData("service.sbn x@.service y@.service", "c.service c-x@.service c-y@.service")]
    [InlineData("README.md service.bak a.mount tmpfiles.sbn", "")]
    [InlineData("a%b.service evil\nname.socket", "")]
    public void Units_are_named_after_the_container(string files, string units)
    {
        TestImage image = new();
        foreach (string name in files.Split(' '))
        {
            image.File("/exports/" + name, "[Unit]\n");
        }

        Assert.Equal(units, string.Join(' ', ImageExports.Read(image).Units.Select(u => u.UnitName("c"))));
    }

    [Theory]
    [InlineData("a.service b.service", "none of them is the main one")]
    [InlineData("service.sbn main.service", "would become the same unit")]
    public void Units_that_cannot_be_told_apart_are_refused(string files, string reason)
    {
        TestImage image = new();
        foreach (string name in files.Split(' '))
        {
            image.File("/exports/" + name, "[Unit]\n");
        }

        Refused(image, ErrorKind.Template, reason);
    }

    [Fact]
    public void The_richer_language_wins_where_an_image_has_both()
    {
        TestImage image = new TestImage()
            .File("/exports/config.json", "{}")
            .File("/exports/config.json.sbn", "{{ A }}")
            .File("/exports/tmpfiles.template", "$B")
            .File("/exports/tmpfiles.sbn", "{{ C }}");

        ImageExports exports = ImageExports.Read(image);

        Assert.Equal("/exports/config.json.sbn", exports.Config!.Path);
        Assert.Equal("/exports/tmpfiles.sbn", exports.Tmpfiles!.Path);
        Assert.Equal(["A", "C"], exports.Variables);
    }

    [Fact]
    public void Everything_that_mentions_a_variable_counts()
    {
        TestImage image = new TestImage()
            .File("/exports/service.template", "PIDFile=$PIDFILE")
            .File(
                "/exports/manifest.json",
                """{"renameFiles": {"etc/a": "/etc/$NEW"}, "installedFilesTemplate": ["/etc/b"]}"""
            )
            .File("/exports/hostfs/etc/a", "$NOT")
            .File("/exports/hostfs/etc/b", "$CONTENT");

        ImageExports exports = ImageExports.Read(image);

        Assert.Equal(["CONTENT", "NEW", "PIDFILE"], exports.Variables);
        Assert.True(exports.Mentions("PIDFILE"));
        Assert.True(TemplateValues.IsKnown(exports, "NEW"));
        Assert.False(TemplateValues.IsKnown(exports, "NOT"));
        Assert.False(TemplateValues.IsKnown(exports, "NAME"));
    }

    [Theory]
    [InlineData("[]", "has to be a JSON object")]
    [InlineData("{\"defaultValues\": []}", "defaultValues has to be an object, not an array")]
    [InlineData("{\"defaultValues\": {\"A\": {\"B\": 1}}}", "defaultValues.A has to be a string, not an object")]
    [InlineData("{\"renameFiles\": {\"a\": 1, \"b\": {}}}", "renameFiles.b has to be a string, not an object")]
    [InlineData("{\"installedFilesTemplate\": \"/etc/a\"}", "installedFilesTemplate has to be an array, not a string")]
    [InlineData("{\"installedFilesTemplate\": [null]}", "installedFilesTemplate[0] has to be a string")]
    [InlineData("{\"noContainerService\": \"yes\"}", "noContainerService has to be a boolean")]
    [InlineData("{\"version\": {}}", "version has to be a string, not an object")]
    [InlineData("{\"version\": false}", "version has to be a string, not a boolean")]
    [InlineData("{\"defaultValues\": \"A=b\"}", "defaultValues has to be an object, not a string")]
    [InlineData("{\"defaultValues\": {\"A\": [\"b\"]}}", "defaultValues.A has to be a string, not an array")]
    [InlineData("{\"renameFiles\": [\"/a\"]}", "renameFiles has to be an object, not an array")]
    [InlineData("{\"renameFiles\": 7}", "renameFiles has to be an object, not a number")]
    [InlineData(
        "{\"installedFilesTemplate\": {\"/a\": true}}",
        "installedFilesTemplate has to be an array, not an object"
    )]
    [InlineData("{\"noContainerService\": 0}", "noContainerService has to be a boolean, not a number")]
    [InlineData("{\"useLinks\": \"\"}", "useLinks has to be a boolean, not a string")]
    [InlineData("\"text\"", "has to be a JSON object, not a string")]
    [InlineData("{\"useLinks\": 1}", "useLinks has to be a boolean")]
    [InlineData("{\n  \"version\": 1.0,,\n}", "manifest.json:2:18")]
    [InlineData("", "no JSON")]
    public void A_manifest_of_wrong_types_is_refused_with_the_reason(string manifest, string reason)
    {
        SysctrException error = Refused(
            new TestImage().File("/exports/manifest.json", manifest),
            ErrorKind.Template,
            reason
        );

        Assert.Contains("/exports/manifest.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host", true)]
    [InlineData("../opt/host", true)]
    [InlineData("/exports/host", false)]
    [InlineData("../../exports/host", false)]
    [InlineData("nowhere", false)]
    public void Host_files_may_be_behind_a_link_that_stays_in_the_image(string target, bool read)
    {
        TestImage image = new TestImage()
            .File("/exports/host/etc/a", "a")
            .File("/opt/host/etc/a", "a")
            .Link("/exports/hostfs", target);

        if (read)
        {
            Assert.Equal(["/etc", "/etc/a"], ImageExports.Read(image).HostFiles.Select(f => f.Path));
        }
        else
        {
            Refused(image, ErrorKind.Unsafe, "/exports/hostfs");
        }
    }

    [Fact]
    public void A_byte_order_mark_is_no_text() =>
        Assert.Equal(
            "[Unit]\n",
            ImageExports
                .Read(
                    new TestImage()
                        .File("/exports/manifest.json", "\ufeff{}")
                        .File("/exports/service.template", "\ufeff[Unit]\n")
                )
                .Units[0]
                .File.Text
        );

    [Fact]
    public void A_manifest_is_read()
    {
        ExportManifest manifest = ExportManifest.Read(
            "m",
            """
            {"version": 1.0, "defaultValues": {"A": "x", "PORT": 8081, "DEBUG": false, "NOTHING": null}, "renameFiles": {"etc//a": "/b"}, "useLinks": false,
             "noContainerService": true, "installedFilesTemplate": ["etc/c"], "somebodyElses": [1]}
            """
        );

        Assert.Equal("1.0", manifest.Version);
        Assert.Equal("8081", manifest.DefaultValues["PORT"]);
        Assert.Equal("False", manifest.DefaultValues["DEBUG"]);
        Assert.Equal("None", manifest.DefaultValues["NOTHING"]);
        Assert.Equal("/b", manifest.RenameFiles["/etc/a"]);
        Assert.Contains("/etc/c", manifest.InstalledFilesTemplate);
        Assert.True(manifest.NoContainerService);
        Assert.False(manifest.UseLinks);
    }

    [Fact]
    public void A_manifest_that_nests_without_end_is_refused() =>
        Refused(
            new TestImage().File("/exports/manifest.json", "{\"x\": " + new string('[', 500_000)),
            ErrorKind.Template,
            "depth"
        );

    [Theory]
    [InlineData("/exports/hostfs/etc/..")]
    [InlineData("/exports/hostfs/.")]
    public void A_host_file_whose_name_leads_elsewhere_is_refused(string path) =>
        Refused(new TestImage().File(path, "x"), ErrorKind.Unsafe, "has an entry called '.");

    [Fact]
    public void A_tree_of_host_files_that_does_not_end_is_refused() =>
        Refused(
            new TestImage().File("/exports/hostfs" + string.Concat(Enumerable.Repeat("/d", 100)), "x"),
            ErrorKind.Unsafe,
            "directories deep"
        );

    [Fact]
    public void A_manifest_and_a_configuration_of_50_MB_are_refused_as_templates_are()
    {
        Refused(
            new TestImage().File("/exports/manifest.json", new byte[50 << 20]),
            ErrorKind.Unsafe,
            "/exports/manifest.json"
        );
        Refused(
            new TestImage().File("/exports/config.json", new byte[50 << 20]),
            ErrorKind.Unsafe,
            "/exports/config.json"
        );
        Refused(
            new TestImage()
                .File("/exports/hostfs/etc/x", new byte[50 << 20])
                .File("/exports/manifest.json", """{"installedFilesTemplate": ["/etc/x"]}"""),
            ErrorKind.Unsafe,
            "/exports/hostfs/etc/x"
        );
    }

    [Fact]
    public void A_template_of_50_MB_is_refused() =>
        Refused(
            new TestImage().File("/exports/service.template", new byte[50 << 20]),
            ErrorKind.Unsafe,
            "52428800 bytes"
        );

    [Fact]
    public void A_template_that_is_no_text_is_refused()
    {
        Refused(new TestImage().File("/exports/service.template", [0x41, 0xff]), ErrorKind.Template, "not UTF-8");
        Refused(
            new TestImage().File("/exports/service.template", [0x41, 0]),
            ErrorKind.Template,
            "service.template:1:2"
        );
        Refused(new TestImage().Directory("/exports/config.json"), ErrorKind.Template, "regular file");
        Refused(new TestImage().Directory("/exports/service.template"), ErrorKind.Template, "regular file");
    }

    [Fact]
    public void Host_files_that_are_devices_are_refused() =>
        Refused(new TestImage().Device("/exports/hostfs/dev/sda"), ErrorKind.Unsafe, "/exports/hostfs/dev/sda");

    [Fact]
    public void Hostfs_may_be_no_link() =>
        Refused(new TestImage().Directory("/etc").Link("/exports/hostfs", "/etc"), ErrorKind.Unsafe, "directory");

    [Fact]
    public void Links_in_hostfs_are_not_followed()
    {
        TestImage image = new TestImage()
            .File("/etc/shadow", "secret")
            .Link("/exports/hostfs/etc/dir", "/etc")
            .Link("/exports/hostfs/up", "../../etc");

        ImageExports exports = ImageExports.Read(image);

        Assert.Equal(["/etc", "/etc/dir", "/up"], exports.HostFiles.Select(f => f.Path));
        Assert.Equal(ImageFileKind.Symlink, exports.HostFiles[1].File.Kind);
        Assert.Equal("../../etc", exports.HostFiles[2].File.LinkTarget);
    }

    private static SysctrException Refused(TestImage image, ErrorKind kind, string reason)
    {
        SysctrException error = Assert.Throws<SysctrException>(() => ImageExports.Read(image));
        Assert.Equal(kind, error.Kind);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        return error;
    }
}
