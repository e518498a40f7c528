// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>The ground that other tests stand on.</summary>
[Collection(InstallingHost.Name)]
public sealed class TestBedTests(NspawnFixture fixture)
{
    [Fact]
    public Task A_reboot_is_a_new_boot_from_the_same_disk() => RebootsAsync(fixture.Host, fixture.Host.RebootAsync);

    [Fact]
    public Task After_a_power_cut_it_boots_again() => RebootsAsync(fixture.Host, fixture.Host.PowerCutAsync);

    [Fact]
    public async Task Hard_links_work_between_store_and_host()
    {
        string links = await fixture.Host.ShellAsync(
            "mkdir -p /var/lib/sysctr && touch /var/lib/sysctr/a && ln /var/lib/sysctr/a /etc/b && stat -c %h /etc/b && rm /etc/b /var/lib/sysctr/a"
        );

        Assert.Equal("2\n", links);
    }

    [Fact]
    public async Task The_registry_has_all_images()
    {
        string catalog = await fixture.Host.ShellAsync($"curl -s http://{TestHost.Registry}/v2/_catalog");

        Assert.All(ImageSource.All, i => Assert.Contains($"\"{i.Name}\"", catalog, StringComparison.Ordinal));
    }

    private static async Task RebootsAsync(TestHost host, Func<Task> reboot)
    {
        const string bootId = "/proc/sys/kernel/random/boot_id";
        string before = await host.ShellAsync($"cat {bootId}; echo kept > /root/note; sync");

        await reboot();

        Assert.NotEqual(before, await host.ShellAsync($"cat {bootId}"));
        Assert.Equal("kept\n", await host.ShellAsync("cat /root/note"));
    }
}
