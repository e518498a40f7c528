// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;

namespace SystemContainers.MethodOrder;

/// <summary>
/// A host on which sysctr runs in Debian's qemu-user, which writes down each piece of code that it translates, once and
/// when it is first run: what a call needs of the program, and in which order.
/// </summary>
sealed class TracedHost(NspawnHost host)
{
    private const string Emulator = "/usr/local/bin/qemu-x86_64-static";
    private const string Traced = "/usr/local/bin/traced";
    private const string Traces = "/run/traces";

    /// <summary>The program's code, by where GNU ld puts what is linked at fixed addresses; libraries are far
    /// above.</summary>
    private const ulong FirstAddress = 0x400000;
    private const ulong LastAddress = 0x4000000;

    /// <summary>What is called, the most frequent first: a start and stop of a container, then what people call. With
    /// trees on disk: qemu-user has no fsopen(2).</summary>
    private static readonly string[] s_steps =
    [
        $"{Traced} --version",
        $"sysctr install --quiet --checkout hardlinks {TestHost.Registry}/httpd; "
            + $"sed -i 's,/usr/bin/sysctr,{Traced},; s,^ProtectSystem=.*,,' /etc/systemd/system/httpd.service; "
            + "systemctl daemon-reload; systemctl start httpd || { journalctl --no-pager -u httpd; exit 1; }; systemctl stop httpd",
        $"{Traced} list; {Traced} info httpd",
        $"{Traced} install --quiet --checkout hardlinks {TestHost.Registry}/etcd; {Traced} update --quiet etcd",
        $"{Traced} install --quiet --checkout hardlinks --name second {TestHost.Registry}/probe; {Traced} list --json",
    ];

    /// <summary>Runs the steps.</summary>
    /// <returns>Addresses of code in the order in which it was first run.</returns>
    public async Task<IReadOnlyList<ulong>> RunAsync()
    {
        await Packages.InstallMissingAsync(["qemu-user-static"]);
        await Command.MustAsync("cp", "/usr/bin/qemu-x86_64-static", host.Root + Emulator);
        await host.ShellAsync(
            $$"""
            mkdir -m 1777 {{Traces}}
            cat > {{Traced}} <<'END'
            #!/bin/sh
            exec {{Emulator}} -d nochain,in_asm -D "{{Traces}}/$(date +%s%N)" /usr/bin/sysctr "$@"
            END
            chmod 755 {{Traced}}
            """
        );
        foreach (string step in s_steps)
        {
            Console.WriteLine(step);
            await host.ShellAsync(step);
        }

        List<ulong> addresses = [];
        foreach (string trace in Directory.EnumerateFiles(host.RunningRoot + Traces).Order(StringComparer.Ordinal))
        {
            addresses.AddRange(File.ReadLines(trace).Select(Address).OfType<ulong>());
        }

        return addresses;
    }

    /// <summary>Of a line such as <c>0x0081bb70:  48 89 e7  movq %rsp, %rdi</c>.</summary>
    private static ulong? Address(string line) =>
        line.StartsWith("0x", StringComparison.Ordinal)
        && line.IndexOf(':', StringComparison.Ordinal) is > 0 and var end
        && ulong.TryParse(
            line.AsSpan(2, end - 2),
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture,
            out ulong address
        )
        && address is >= FirstAddress and < LastAddress
            ? address
            : null;
}
