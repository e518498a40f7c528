// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Render.HostFiles;
using Xunit;

namespace SystemContainers.Tests.Render.HostFiles;

/// <summary>Where the files of hostfs go, and where they may not.</summary>
public sealed class HostFilePlanTests
{
    private static TestImage Image(string manifest) =>
        new TestImage()
            .File("/exports/manifest.json", manifest)
            .File("/exports/config.json", RenderRequests.Config())
            .File("/exports/hostfs/etc/etcd/etcd.conf", "name=$NAME", mode: 0x180)
            .File("/exports/hostfs/usr/local/bin/etcdctl", "price: $5", mode: 0x1ed);

    [Fact]
    public void Files_are_renamed_and_rendered_as_the_manifest_says()
    {
        Dictionary<string, HostFile> files = Plan(
            Image(
                """
                {"renameFiles": {"/etc/etcd/etcd.conf": "$CONF_DIRECTORY/$NAME-x/etcd.conf", "/usr/local/bin/etcdctl": "/usr/local/bin/${NAME}ctl2"},
                 "installedFilesTemplate": ["/etc/etcd/etcd.conf"]}
                """
            )
        );

        HostFile config = files["/etc/etcd-x/etcd.conf"];
        Assert.Equal("name=etcd", Encoding.UTF8.GetString(config.Content!));
        Assert.Equal(0x180, config.Mode);
        HostFile tool = files["/usr/local/bin/etcdctl2"];
        Assert.Null(tool.Content);
        Assert.Equal("/exports/hostfs/usr/local/bin/etcdctl", tool.Source);
    }

    [Fact]
    public void A_directory_can_be_renamed_with_what_is_in_it() =>
        Assert.Contains("/opt/etcd.conf", Plan(Image("""{"renameFiles": {"/etc/etcd": "/opt"}}""")).Keys);

    [Fact]
    public void A_file_is_rendered_when_it_is_listed_by_its_new_name() =>
        Assert.Equal(
            "name=etcd",
            Encoding.UTF8.GetString(
                Plan(
                    Image(
                        """{"renameFiles": {"/etc/etcd/etcd.conf": "/etc/new.conf"}, "installedFilesTemplate": ["/etc/new.conf"]}"""
                    )
                )["/etc/new.conf"].Content!
            )
        );

    [Theory]
    [InlineData("/etc/../../root/x", "..")]
    [InlineData("etc/x", "absolute path")]
    [InlineData("/etc/a\\nb", "absolute path")]
    [InlineData("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/core_pattern")]
    [InlineData("/var/lib/sysctr/meta.json", "/var/lib/sysctr")]
    [InlineData("/", "'/'")]
    [InlineData("/usr/local/bin/etcdctl", "both become")]
    [InlineData("/usr/local/bin/etcdctl/x", "no directory")]
    public void A_new_name_that_leads_astray_is_refused(string name, string reason)
    {
        SysctrException error = Assert.Throws<SysctrException>(() =>
            RenderRequests.Render(Image($$$"""{"renameFiles": {"/etc/etcd/etcd.conf": "{{{name}}}"}}"""))
        );

        Assert.Equal(ErrorKind.Unsafe, error.Kind);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_installed_below_a_link_of_the_same_image()
    {
        TestImage image = Image("""{"renameFiles": {"/etc/etcd/etcd.conf": "/opt/link/etcd.conf"}}""")
            .Link("/exports/hostfs/opt/link", "/root/.ssh");

        SysctrException error = Assert.Throws<SysctrException>(() => RenderRequests.Render(image));

        Assert.Contains("/opt/link", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_cannot_lead_a_new_name_upwards()
    {
        TestImage image = Image("""{"renameFiles": {"/etc/etcd/etcd.conf": "/etc/$WHERE/etcd.conf"}}""");

        Assert.Equal(
            ErrorKind.Unsafe,
            Assert.Throws<SysctrException>(() => RenderRequests.Render(image, ("WHERE", "../root"))).Kind
        );
        Assert.Equal(ErrorKind.Template, Assert.Throws<SysctrException>(() => RenderRequests.Render(image)).Kind);
    }

    private static Dictionary<string, HostFile> Plan(TestImage image) =>
        RenderRequests.Render(image).HostFiles.ToDictionary(f => f.Target);
}
