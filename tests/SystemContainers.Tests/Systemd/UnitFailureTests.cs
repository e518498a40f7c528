// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Systemd;
using Xunit;

namespace SystemContainers.Tests.Systemd;

/// <summary>What of a journal's lines a hint is made of.</summary>
public sealed class UnitFailureTests
{
    [Theory]
    [InlineData("mkdir: cannot create directory '/var/cache/nginx': Read-only file system", "/var/cache/nginx")]
    [InlineData(
        "nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)",
        "/var/cache/nginx/client_temp"
    )]
    [InlineData("/docker-entrypoint.sh: 5: cannot create /etc/app.conf: Read-only file system", "/etc/app.conf")]
    [InlineData("OSError: [Errno 30] Read-only file system: '/app/data.db'", "/app/data.db")]
    [InlineData("open /data/x: read-only file system", "/data/x")]
    [InlineData("it is a Read-only file system", null)]
    [InlineData("cannot create '/a': Permission denied", null)]
    public void The_path_that_could_not_be_written_to(string line, string? path) =>
        Assert.Equal(path, UnitFailure.ReadOnlyPath(["before", line, "after"]));

    /// <summary>As programs in Go and C say it, with a path, with one that is relative, and not at all.</summary>
    [Theory]
    [InlineData("mkdir /data/x: read-only file system", "writes to /data/x:")]
    [InlineData("cannot access data directory: mkdir default.etcd: read-only file system", "writes to it:")]
    [InlineData("cannot create '/a': Permission denied", null)]
    public void What_to_do_where_the_root_is_read_only(string line, string? said)
    {
        string? hint = UnitFailure.ReadOnlyHint(["before", line]);

        Assert.Equal(said is null, hint is null);
        Assert.Contains(said ?? "", hint ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'systemctl --user status a.service' and 'journalctl --user -u a.service' tell more", false)]
    [InlineData("its root is read-only", true)]
    [InlineData(null, false)]
    public void A_hint_that_says_where_to_look_is_no_remedy(string? hint, bool isRemedy) =>
        Assert.Equal(
            isRemedy ? hint : null,
            UnitFailure.Remedy(new SysctrException(ErrorKind.Unit, "starting a.service: no", hint))
        );
}
