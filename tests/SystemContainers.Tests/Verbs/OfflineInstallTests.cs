// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Prepared;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Systemd;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Transactions;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>A container for a system below a directory is made for the machine that boots it, not for the one that
/// installs.</summary>
public sealed class OfflineInstallTests : IAsyncLifetime
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-offline-").FullName;

    private string Root => Path.Combine(_base, "root");

    private string Image => $"oci:{_base}/image:latest";

    public async ValueTask InitializeAsync()
    {
        foreach (
            string directory in (string[])
                ["etc/systemd/system", "etc/containers", "usr/bin", "usr/lib/systemd/system", "var/lib", "run"]
        )
        {
            Directory.CreateDirectory(Path.Combine(Root, directory));
        }

        Program("/usr/bin/runc");
        await new LayoutWriter()
            .File("/bin/app", "#!/bin/sh\n", UnixFileMode.UserRead | UnixFileMode.UserExecute)
            .Label("atomic.name", "app")
            .WriteAsync(_base + "/image");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_base, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>This program runs from a build tree, which that system does not have.</summary>
    [Theory]
    [Trait("needs", "root")]
    [InlineData("/usr/bin/sysctr")]
    [InlineData("/usr/local/bin/sysctr")]
    public async Task Units_call_the_program_that_is_below_the_root(string tool)
    {
        Program(tool);

        PreparedContainer prepared = await PrepareAsync();

        Assert.Contains($"ExecStart={tool} launch start ", prepared.UnitFiles[0].Text, StringComparison.Ordinal);
        Assert.Equal(tool, prepared.Record.Values["ATOMIC"]);
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_root_without_the_program_that_its_units_would_call_is_refused()
    {
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(PrepareAsync);

        Assert.Equal(ErrorKind.Host, refused.Kind);
        Assert.Contains("app.service calls ", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"dpkg --root={Root} -i", refused.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usr/lib/systemd/libsystemd-shared-255.4-1.fc40.so", 255)]
    [InlineData("usr/lib/aarch64-linux-gnu/systemd/libsystemd-shared-252.so", 252)]
    [InlineData("usr/lib64/systemd/libsystemd-shared-250.so", 250)]
    [InlineData("usr/lib/systemd/libsystemd-core-257.so", 0)]
    public async Task The_version_is_that_of_the_systemd_below_the_root(string library, int version)
    {
        Systemd(library);

        Assert.Equal(
            version,
            await new OfflineSystemd(new HostPaths(Root)).GetVersionAsync(TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    [Trait("needs", "root")]
    public void What_the_machine_that_installs_can_give_is_not_what_the_other_has()
    {
        HostFacts here = new()
        {
            Capabilities = ["CAP_CHOWN"],
            HardLimits = new Dictionary<string, ulong> { ["RLIMIT_NOFILE"] = 1024 },
            HasSeccomp = false,
            HasSelinux = true,
            HasAppArmor = true,
            Kernel = new Version(7, 1),
            Architecture = "amd64",
        };

        HostFacts there = here.Offline(Root);

        Assert.Equal(Capabilities.FromMask(ulong.MaxValue), there.Capabilities);
        Assert.Empty(there.HardLimits);
        Assert.True(there.HasSeccomp);
        Assert.False(there.HasSelinux);
        Assert.False(there.HasAppArmor);
        Assert.Equal(new Version(5, 6), there.Kernel);

        Directory.CreateDirectory(Root + "/usr/lib/modules/6.12.48+deb13-amd64");
        Directory.CreateDirectory(Root + "/usr/lib/modules/6.1.0-41-amd64");
        File.CreateSymbolicLink(Root + "/lib", "usr/lib");
        Program("/usr/sbin/apparmor_parser");
        Program("/etc/selinux/config");
        there = here.Offline(Root);

        Assert.Equal(new Version(6, 1), there.Kernel);
        Assert.True(there.HasSelinux);
        Assert.True(there.HasAppArmor);

        File.WriteAllText(Root + "/etc/selinux/config", "# off\nSELINUX=disabled\n");

        Assert.False(here.Offline(Root).HasSelinux);
    }

    [Theory]
    [Trait("needs", "root")]
    [InlineData("""{"default": [{"type": "reject"}]}""")]
    [InlineData(
        """{"default": [{"type": "insecureAcceptAnything"}], "transports": {"oci": {"": [{"type": "reject"}]}}}"""
    )]
    [InlineData("""{"default": []}""")]
    public async Task The_policy_below_the_root_has_to_allow_the_image_too(string policy)
    {
        Program("/usr/bin/sysctr");
        await File.WriteAllTextAsync(
            Root + "/etc/containers/policy.json",
            policy,
            TestContext.Current.CancellationToken
        );

        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(PrepareAsync);

        Assert.Equal(ErrorKind.Policy, refused.Kind);
        Assert.Contains($"{Root}/etc/containers/policy.json", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_policy_below_the_root_that_allows_the_image_lets_it_through()
    {
        Program("/usr/bin/sysctr");
        await File.WriteAllTextAsync(
            Root + "/etc/containers/policy.json",
            """{"default": [{"type": "insecureAcceptAnything"}]}""",
            TestContext.Current.CancellationToken
        );

        Assert.Equal("app", (await PrepareAsync()).Record.Name);
    }

    private async Task<PreparedContainer> PrepareAsync()
    {
        using Host host = Host.Open(Root, _ => { });
        using ContainerTransaction transaction = new(host, NoProgress.Instance);
        InstallRequest request = new(Image);
        StoredImage image = await transaction.FetchAsideAsync(
            new WantedImage(host.Registries, request),
            TestContext.Current.CancellationToken
        );
        return await transaction.PrepareAsync(request, "app", image, TestContext.Current.CancellationToken);
    }

    private void Systemd(string library)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, library))!);
        File.WriteAllText(Path.Combine(Root, library), "");
    }

    private void Program(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Root + path)!);
        File.WriteAllText(Root + path, "");
        File.SetUnixFileMode(Root + path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
