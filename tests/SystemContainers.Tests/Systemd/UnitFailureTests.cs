// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd;
using Xunit;

namespace SystemContainers.Tests.Systemd;

/// <summary>What of a journal's lines a hint is made of.</summary>
public sealed class UnitFailureTests
{
    [Theory]
    [InlineData("mkdir: cannot create directory '/var/cache/nginx': Read-only file system", "/var/cache/nginx")]
    [InlineData("nginx: [emerg] mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system)", "/var/cache/nginx/client_temp")]
    [InlineData("/docker-entrypoint.sh: 5: cannot create /etc/app.conf: Read-only file system", "/etc/app.conf")]
    [InlineData("OSError: [Errno 30] Read-only file system: '/app/data.db'", "/app/data.db")]
    [InlineData("open /data/x: read-only file system", "/data/x")]
    [InlineData("it is a Read-only file system", null)]
    [InlineData("cannot create '/a': Permission denied", null)]
    public void The_path_that_could_not_be_written_to(string line, string? path) => Assert.Equal(path, UnitFailure.ReadOnlyPath(["before", line, "after"]));
}
