// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.HostTests;

/// <summary>Everything that an installation may change on a host, so that "unchanged" can be asserted.</summary>
sealed record HostState(string Files, string Units, string Containers)
{
    /// <summary>Looks at files (type, mode, owner, size, link target), enabled units, and containers.</summary>
    public static async Task<HostState> TakeAsync(TestHost host) =>
        new(
            await host.ShellAsync(
                """
                find /etc /usr /opt /srv /run/systemd/system /run/systemd/generator -xdev ! -path '/etc/ld.so.cache' \
                    ! -type d -printf '%p %y %m %u:%g %s %l\n' | sort
                find /etc /usr /opt /srv /var/lib -xdev -path /var/lib/sysctr -prune -o -path /var/lib/systemd -prune \
                    -o -type d -printf '%p %m %u:%g\n' | sort
                """
            ),
            (
                await host.MustAsync(
                    "systemctl",
                    "list-unit-files",
                    "--no-legend",
                    "--no-pager",
                    "--type=service,socket,timer"
                )
            ).Output,
            await host.ShellAsync("ls -A /var/lib/sysctr/deployments 2>/dev/null || true")
        );
}
