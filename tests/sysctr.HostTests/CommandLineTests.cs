// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.SystemdText;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What stands in ExecStart= is what the program gets: by systemd's own parser, and with sysctr and a user's
/// store in places that units find hard.</summary>
[Collection(RunningHost.Name)]
public sealed class CommandLineTests(NspawnFixture fixture)
{
    private const int Samples = 200;

    /// <summary>Each of them means something somewhere in a line of a unit, or is more than a byte.</summary>
    private static readonly string[] s_pieces =
    [
        .. " '\"%$\\;{}#*?=-@:!+|&<>[]()~`^,aZ0é\u3000".Select(c => c.ToString()),
        "$HOME",
        "${HOME}",
        "$$",
        "%n",
        "%%",
        "\\x41",
        "\\n",
        "\\;",
        "😀",
    ];

    private readonly NspawnHost _host = fixture.Host;
    private readonly Random _random = new(20261201);

    [Fact]
    public async Task A_program_gets_the_words_that_were_written()
    {
        await _host.ShellAsync(
            """
            mkdir -p /run/words/units /run/words/transient
            printf '#!/bin/sh\nfile=$1; shift; printf "%%s\\0" "$@" > "$file"\n' > /run/words/write
            chmod 755 /run/words/write
            """
        );
        string[][] all = [.. Enumerable.Range(0, Samples).Select(_ => Words())];
        StringBuilder unit = new("[Service]\nType=oneshot\n");
        for (int i = 0; i < all.Length; i++)
        {
            unit.AppendLine(
                CultureInfo.InvariantCulture,
                $"ExecStart={CommandLine.Of(["/bin/sh", "/run/words/write", $"/run/words/units/{i}", .. all[i]])}"
            );
        }

        string text = Convert.ToBase64String(Encoding.UTF8.GetBytes(unit.ToString()));
        await _host.ShellAsync(
            $"echo {text} | base64 -d > /run/systemd/system/words.service; systemctl daemon-reload; systemctl start words"
        );
        await _host.MustAsync(
            "systemd-run",
            [
                "--quiet",
                "--wait",
                "--collect",
                "--property=Type=oneshot",
                .. all.Index()
                    .Select(s =>
                        "--property=ExecStartPre="
                        + CommandLine.Transient([
                            "/bin/sh",
                            "/run/words/write",
                            $"/run/words/transient/{s.Index}",
                            .. s.Item,
                        ])
                    ),
                "/bin/true",
            ]
        );

        string[] wanted = [.. all.Select(words => string.Concat(words.Select(w => w + "\0")))];
        Assert.Equal(wanted, await ReadAsync("units"));
        Assert.Equal(wanted, await ReadAsync("transient"));
        await _host.ShellAsync("rm -r /run/words /run/systemd/system/words.service; systemctl daemon-reload");
    }

    [Fact]
    public async Task A_sysctr_in_a_place_with_a_specifier_starts_what_it_installs()
    {
        await _host.ShellAsync(
            $"""
            mkdir -p '/opt/pct%n $HOME'
            cp /usr/bin/sysctr '/opt/pct%n $HOME/sysctr'
            '/opt/pct%n $HOME/sysctr' install --quiet --now --name pct {TestHost.Registry}/probe:latest
            systemctl is-active pct
            grep -F '"/opt/pct%%n $HOME/sysctr"' /etc/systemd/system/pct.service
            systemctl restart pct
            sleep 1
            systemctl stop pct
            """
        );
        Assert.Equal("success", await _host.UnitPropertyAsync("pct.service", "Result"));
        await _host.ShellAsync("sysctr uninstall --purge pct; rm -r '/opt/pct%n $HOME'");
    }

    [Fact]
    public async Task A_user_s_store_in_a_place_with_blanks_is_started_from()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.ShellAsync(
            $"""
            export XDG_DATA_HOME="$HOME/my 50% data"
            sysctr --user install --quiet --now --name blank {TestHost.Registry}/probe:latest
            systemctl --user is-active blank
            systemctl --user restart blank
            sleep 1
            systemctl --user stop blank
            """
        );
        Assert.Equal("success", await user.PropertyAsync("blank.service", "Result"));
        await user.ShellAsync("XDG_DATA_HOME=\"$HOME/my 50% data\" sysctr --user uninstall --purge blank");
    }

    private string[] Words() =>
        [
            .. Enumerable
                .Range(0, _random.Next(1, 6))
                .Select(_ =>
                    string.Concat(
                        Enumerable.Range(0, _random.Next(0, 9)).Select(_ => s_pieces[_random.Next(s_pieces.Length)])
                    )
                ),
        ];

    private async Task<string[]> ReadAsync(string folder) =>
        [
            .. (
                await _host.ShellAsync(
                    $"for i in $(seq 0 {Samples - 1}); do base64 -w0 < /run/words/{folder}/$i; echo; done"
                )
            )
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => Encoding.UTF8.GetString(Convert.FromBase64String(l))),
        ];
}
