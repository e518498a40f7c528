// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Render.Spec;
using Xunit;

namespace SystemContainers.Tests.Render.Spec;

/// <summary>Which images open their standard output by a path: as those of nginx, httpd, php and others are
/// made.</summary>
public sealed class LogPathsTests
{
    [Theory]
    [InlineData("/var/log/nginx/access.log", "/dev/stdout", true)]
    [InlineData("/var/log/nginx/error.log", "/dev/stderr", true)]
    [InlineData("/var/log/apache2/error.log", "/proc/self/fd/2", true)]
    [InlineData("/var/log/lastlog", "/dev/null", false)]
    [InlineData("/srv/log", "/dev/stdout", false)]
    public void A_log_file_that_is_a_link(string link, string target, bool needs) =>
        Assert.Equal(needs, Finds(new TestImage().Link(link, target)));

    [Theory]
    [InlineData("/usr/local/apache2/conf/httpd.conf", "ErrorLog /proc/self/fd/2\n", true)]
    [InlineData("/usr/local/etc/php-fpm.d/docker.conf", "[global]\nerror_log = /proc/self/fd/2\n", true)]
    [InlineData("/etc/squid/squid.conf", "access_log stdio:/dev/stdout\n", true)]
    [InlineData("/etc/a.conf", "# log /dev/stdout\n  ; log /dev/stderr\n", false)]
    [InlineData("/etc/a.conf", "fd = /proc/self/fd/10\nlog = /dev/stdout-of-mine\n", false)]
    [InlineData("/usr/share/doc/a.conf", "log = /dev/stdout\n", false)]
    [InlineData("/etc/notes", "log = /dev/stdout\n", false)]
    public void A_configuration_that_names_it(string file, string text, bool needs) =>
        Assert.Equal(needs, Finds(new TestImage().File(file, text)));

    [Theory]
    [InlineData("/entry.sh", "#!/bin/sh\necho hello > /dev/stderr\n", true)]
    [InlineData("/entry.sh", "#!/bin/sh\n# not to /dev/stderr\necho hello >&2\n", false)]
    [InlineData("/entry.sh", "\u007fELF /dev/stderr", false)]
    public void An_entry_point_that_is_a_script(string file, string text, bool needs) =>
        Assert.Equal(needs, Finds(new TestImage().File(file, text), file));

    /// <summary>Published images name it so, and it is in a directory of their PATH.</summary>
    [Theory]
    [InlineData("/usr/local/bin/entry.sh", null, true)]
    [InlineData("/app/bin/entry.sh", null, false)]
    [InlineData("/app/bin/entry.sh", "PATH=/app/bin:/bin", true)]
    [InlineData("/usr/local/bin/entry.sh", "PATH=/app/bin::bin", false)]
    public void An_entry_point_without_a_path_is_looked_for_where_the_payload_would(
        string file,
        string? variable,
        bool needs
    ) =>
        Assert.Equal(
            needs,
            LogPaths.Find(
                new TestImage().File(file, "#!/bin/sh\necho hello > /dev/stderr\n"),
                ["entry.sh"],
                variable is null ? null : ["A=b", variable]
            )
                is not null
        );

    private static bool Finds(TestImage image, params string[] arguments) =>
        LogPaths.Find(image, arguments) is not null;
}
