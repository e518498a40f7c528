// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Prepared;
using SystemContainers.Render;
using SystemContainers.Render.HostFiles;
using Xunit;

namespace SystemContainers.Tests.Prepared;

public sealed class CheckoutSeedsTests
{
    private const string Bundle = "/var/lib/sysctr/deployments/web/0";

    private static readonly string s_start =
        $"[Service]\nExecStart=/usr/bin/sysctr launch start --runtime=/usr/bin/runc --bundle={Bundle} --composefs={new string('0', 64)} web\n";

    [Fact]
    public void What_tmpfiles_copy_from_a_tree_is_on_disk() =>
        Assert.Equal(
            ["/var/www", "/etc/a b"],
            CheckoutSeeds.Of(
                Container(
                    s_start,
                    $"d /var/lib/web 0700 - - -\nC /var/lib/web/www - - - - {Bundle}/rootfs/var/www\nC /var/lib/web/b - - - - {Bundle}/rootfs/etc/a\\x20b\n"
                ),
                Bundle + "/rootfs"
            )
        );

    [Fact]
    public void A_container_whose_tree_is_mounted_by_its_start_needs_nothing_of_it() =>
        Assert.Empty(CheckoutSeeds.Of(Container(s_start, null), Bundle + "/rootfs")!);

    /// <summary>A start that is not ours, or something that looks into the bundle by itself.</summary>
    [Theory]
    [InlineData("ExecStartPre=/bin/cp {0}/rootfs/etc/x /etc/x")]
    [InlineData("WorkingDirectory={0}\nExecStartPre=/bin/cp rootfs/etc/x /etc/x")]
    [InlineData("WorkingDirectory={0}\nExecStartPre=/usr/local/bin/prepare-web")]
    [InlineData("WorkingDirectory={0}/rootfs")]
    [InlineData("ExecStartPre=/bin/sh -c 'cd {0} && ls rootfs'")]
    [InlineData("WorkingDirectory={0}\nExecStartPre=/bin/tar cf /var/lib/web.tar .")]
    [InlineData("WorkingDirectory={0}\nExecStartPre=/bin/sh -c 'du *'")]
    public void What_else_names_the_tree_wants_it_on_disk(string line) =>
        Assert.Null(
            CheckoutSeeds.Of(Container(s_start + string.Format(line, Bundle) + "\n", null), Bundle + "/rootfs")
        );

    [Theory]
    [InlineData("/bin/cp rootfs/etc/x /etc/x", true)]
    [InlineData("/usr/local/bin/prepare-web", true)]
    [InlineData("/bin/mkdir -p /var/lib/web", false)]
    public void What_the_administrator_declares_begins_in_the_template_s_directory(string command, bool looks)
    {
        RenderedContainer template = Container(s_start + $"WorkingDirectory={Bundle}\n", null);
        RenderedContainer declared = template with
        {
            Units =
            [
                .. template.Units,
                new RenderedUnit("web.service.d/20-declared.conf", $"[Service]\nExecStartPre={command}\n", null),
            ],
        };

        Assert.Equal(looks, CheckoutSeeds.Of(declared, Bundle + "/rootfs") is null);
    }

    /// <summary>As nearly all images of `atomic install` have it.</summary>
    [Fact]
    public void A_bundle_that_is_the_working_directory_alone_needs_no_tree_on_disk() =>
        Assert.Empty(
            CheckoutSeeds.Of(
                Container(
                    s_start + $"WorkingDirectory={Bundle}\nExecStartPre=/bin/sh -c 'mkdir -p /var/lib/web'\n",
                    null
                ),
                Bundle + "/rootfs"
            )!
        );

    [Theory]
    [InlineData("[Service]\nExecStart=/usr/local/bin/start-web\n")]
    [InlineData("[Service]\nExecStart=/usr/bin/runc run web\n")]
    public void A_start_that_is_its_authors_wants_it_on_disk(string unit) =>
        Assert.Null(CheckoutSeeds.Of(Container(unit, null), Bundle + "/rootfs"));

    [Theory]
    [InlineData("L /etc/x - - - - {0}/rootfs/etc/x")]
    [InlineData("r {0}/rootfs/etc/x")]
    public void Lines_that_do_anything_else_with_it_want_it_on_disk(string line) =>
        Assert.Null(CheckoutSeeds.Of(Container(s_start, string.Format(line, Bundle) + "\n"), Bundle + "/rootfs"));

    private static RenderedContainer Container(string unit, string? tmpfiles) =>
        new()
        {
            Units =
            [
                new RenderedUnit("web.service", unit, "/exports/web.service.template"),
                new RenderedUnit("web.service.d/10-sysctr.conf", $"[Unit]\nRequiresMountsFor={Bundle}\n", null),
            ],
            Tmpfiles = tmpfiles,
            Config = null,
            Values = new Dictionary<string, string>(),
            HostFiles =
            [
                new HostFile(
                    "/exports/x",
                    "/usr/local/bin/prepare-web",
                    ImageFileKind.Regular,
                    0b111_101_101,
                    0,
                    0,
                    [],
                    null
                ),
            ],
            GeneratedDirectories = [],
            Warnings = [],
            Mounts = [],
        };
}
