// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Users without subordinate ids, with ids that are not in the files, and with ids that they had
/// once.</summary>
[Collection(UserHost.Name)]
public sealed class UserIdsTests(NspawnFixture fixture)
{
    /// <summary>A source of subordinate ids for libsubid (subid.h), as sssd has one: everybody's are 300000 and the
    /// 65535 after it.</summary>
    private const string Plugin = """
        #include <stdbool.h>
        #include <stdlib.h>
        #include <sys/types.h>
        struct subid_range { unsigned long start, count; };
        static const unsigned long first = 300000, many = 65536;
        int shadow_subid_has_range(const char *owner, unsigned long start, unsigned long count, int type, bool *result)
        {
            *result = start >= first && start + count <= first + many;
            return 0;
        }
        int shadow_subid_list_owner_ranges(const char *owner, int type, struct subid_range **ranges, int *count)
        {
            *ranges = malloc(sizeof **ranges);
            **ranges = (struct subid_range){ first, many };
            *count = 1;
            return 0;
        }
        int shadow_subid_find_subid_owners(unsigned long id, int type, uid_t **uids, int *count)
        {
            return 3;
        }
        void shadow_subid_free(void *pointer)
        {
            free(pointer);
        }
        """;

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task Without_ranges_an_image_of_roots_files_alone_works(string runtime)
    {
        TestUser user = await TestUser.AddAsync(_host, hasRanges: false);
        await user.MustAsync("pull", "tiny");
        string before = await user.FilesAsync();

        await user.MustAsync("install", "--now", "--runtime", runtime, "--system-package", "absent", "tiny");

        string main = await user.PropertyAsync("tiny.service", "MainPID");
        Assert.Equal($"{user.Uid}\n", await _host.ShellAsync($"stat -c %u /proc/{main}"));
        Assert.Equal($"0 {user.Uid} 1\n", await _host.ShellAsync($"tr -s ' ' < /proc/{main}/uid_map | sed 's/^ //'"));
        await user.MustAsync("update", "--set", "UUID=other", "tiny");
        await user.MustAsync("restart", "tiny");
        Assert.Equal("active", await user.PropertyAsync("tiny.service", "ActiveState"));
        await user.MustAsync("fsck");
        await user.MustAsync("uninstall", "--purge", "tiny");
        Assert.Equal(before, await user.FilesAsync());
    }

    [Fact]
    public async Task Without_ranges_a_file_of_anybody_else_is_refused_by_name_and_owner()
    {
        TestUser user = await TestUser.AddAsync(_host, hasRanges: false);

        CommandResult install = await user.SysctrAsync("install", "probe-owners");

        Assert.Equal(12, install.ExitCode);

        // Layers are unpacked side by side: it may be the first such file of any of them.
        Assert.Matches(
            "unpacking [^ ]+, which belongs to user (0 and group [1-9][0-9]*|[1-9][0-9]* and group [0-9]+): ",
            install.Error
        );
        Assert.Contains($"{user.Name} has no subordinate ids", install.Error, StringComparison.Ordinal);
        Assert.Contains(
            $"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user.Name}",
            install.Error,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "",
            await _host.ShellAsync(
                $"find {user.Store}/objects {user.Store}/layers {user.Store}/images {user.Store}/staging -type f"
            )
        );
    }

    [Fact]
    public async Task A_store_with_files_of_lost_ids_is_not_touched()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("install", "--now", "probe-owners");
        string ranges = await _host.ShellAsync($"grep -h ^{user.Name}: /etc/subuid");
        await _host.ShellAsync($"sed -i /^{user.Name}:/d /etc/subuid /etc/subgid");
        string before = await user.FilesAsync();

        CommandResult uninstall = await user.SysctrAsync("uninstall", "--purge", "probe-owners");

        Assert.Equal(12, uninstall.ExitCode);
        Assert.Contains(
            $"{user.Name} has no subordinate ids any more, and {user.Store}/",
            uninstall.Error,
            StringComparison.Ordinal
        );
        Assert.Equal(before, await user.FilesAsync());
        Assert.Contains("active", (await user.MustAsync("list")).Output, StringComparison.Ordinal);
        await _host.ShellAsync($"echo {ranges.Trim()} | tee -a /etc/subuid >> /etc/subgid");
        await user.MustAsync("uninstall", "--purge", "probe-owners");
    }

    [Fact]
    public async Task Ranges_are_asked_for_where_nsswitch_says()
    {
        TestUser user = await TestUser.AddAsync(_host, hasRanges: false);
        string source = Path.Combine(_host.Root, "srv/subid.c");
        await File.WriteAllTextAsync(source, Plugin);
        await Command.MustAsync(
            "clang",
            "-shared",
            "-fPIC",
            "-o",
            Path.Combine(_host.Root, "usr/lib/x86_64-linux-gnu/libsubid_ours.so"),
            source
        );
        await _host.ShellAsync("cp /etc/nsswitch.conf /srv; echo 'subid: ours' >> /etc/nsswitch.conf");
        try
        {
            await user.MustAsync("install", "--now", "probe-owners");
            string main = await user.PropertyAsync("probe-owners.service", "MainPID");
            Assert.Equal("300032\n", await _host.ShellAsync($"stat -c %u /proc/{main}"));
            await user.MustAsync("uninstall", "--purge", "probe-owners");

            await _host.ShellAsync("mv /usr/bin/getsubids /srv");
            CommandResult noTool = await user.SysctrAsync("pull", "probe");
            Assert.Equal(12, noTool.ExitCode);
            Assert.Contains("/etc/nsswitch.conf says 'subid: ours'", noTool.Error, StringComparison.Ordinal);
            Assert.Contains("install getsubids", noTool.Error, StringComparison.Ordinal);
        }
        finally
        {
            await _host.ShellAsync(
                "cp /srv/nsswitch.conf /etc; ! test -e /srv/getsubids || mv /srv/getsubids /usr/bin"
            );
        }
    }
}
