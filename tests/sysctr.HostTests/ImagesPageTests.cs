// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.HostTests.Readme;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// docs/images.md says what happens: fifteen ordinary images on one host, each by the command that stands there; used,
/// updated, rolled back; replaced by what the files there declare; and after a reboot of the host all answer as before.
/// </summary>
[Collection(PageHost.Name)]
public sealed class ImagesPageTests(OrdinaryImagesFixture fixture)
{
    private const string Files = "/etc/sysctr/containers.d";
    private static readonly string s_page = Path.Combine(Workspace.Root, "docs/images.md");

    private readonly NspawnHost _host = fixture.Host;
    private readonly List<string> _wrong = [];

    [Fact]
    public async Task Every_image_does_what_the_page_says_and_goes_on_doing_so()
    {
        IReadOnlyList<PageSection> sections = PageSection.Read(s_page);
        Assert.Equal(
            ImageSource.Ordinary.Select(i => i.Name),
            sections.Select(s => s.Name).Order(StringComparer.Ordinal)
        );
        foreach (PageSection section in sections)
        {
            await LiveAsync(section);
        }

        Assert.True(_wrong.Count == 0, string.Join('\n', _wrong));
        await DeclareAsync(sections);
        Assert.True(_wrong.Count == 0, string.Join('\n', _wrong));

        // Each was stopped some times by the signal that its image names: that was no failure.
        string failed = await _host.ShellAsync(
            $"journalctl --sync; journalctl {string.Join(' ', sections.Select(s => $"-u {s.Name}"))} -o cat --no-pager | grep 'Failed with result' | sort | uniq -c || true"
        );
        Assert.True(failed.Length == 0, failed);
        await _host.RebootAsync();
        foreach (PageSection section in sections)
        {
            // Nobody waits at a boot until a payload serves.
            if (!await TryAsync(section.Ask, waits: true))
            {
                await ExplainAsync(section.Name);
            }
        }

        Assert.True(_wrong.Count == 0, string.Join('\n', _wrong));
        (await _host.SysctrAsync("fsck")).MustSucceed();
    }

    /// <summary>What the page's options are for, by the words of a host that was not given them.</summary>
    [Fact]
    public async Task What_an_image_lacks_is_told_with_the_option_that_gives_it()
    {
        // Both fail when the first one has ended, not after that time.
        CommandResult denied = await _host.SysctrAsync(
            "install",
            "--now",
            "--settle",
            "60",
            "--name",
            "denied",
            "dnsmasq:1"
        );
        Assert.True(denied.ExitCode == 11, $"exit status {denied.ExitCode}:\n{denied.All}");
        Assert.Contains(
            "warning: /usr/sbin/dnsmasq has CAP_NET_BIND_SERVICE by its file",
            denied.Error,
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("uninstall", "--purge", "denied")).MustSucceed();

        await _host.ShellAsync(
            """
            mkdir /srv/lacks
            printf '[Container]\nImage=etcd:1\nNetwork=none\nReadOnly=true\n[Install]\nWantedBy=multi-user.target\n' >/srv/lacks/lacking.container
            printf '[Container]\nImage=memcached:1\nNetwork=none\n[Install]\nWantedBy=multi-user.target\n' >/srv/lacks/complete.container
            """
        );
        CommandResult failed = await _host.SysctrAsync("apply", "--settle", "60", "/srv/lacks");
        await _host.ShellAsync("rm -r /srv/lacks");
        Assert.True(failed.ExitCode == 11, $"exit status {failed.ExitCode}:\n{failed.All}");
        Assert.True(
            failed.Error.Contains(
                "hint: its root is read-only, and it writes to it: '--tmpfs DIR'",
                StringComparison.Ordinal
            ),
            failed.Error
        );
        const string journal = "/var/lib/sysctr/failed/lacking-failed-0.journal";
        Assert.Contains(journal, failed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("/failed/complete-", failed.Error, StringComparison.Ordinal);

        // Nothing else is left of a container that was new.
        Assert.NotEqual("", (await _host.ShellAsync($"cat {journal}")).Trim());
        await _host.ShellAsync("! test -e /var/lib/sysctr/deployments/lacking");
    }

    /// <summary>From its install to a roll-back.</summary>
    private async Task LiveAsync(PageSection section)
    {
        string name = section.Name;
        if (
            !await TryAsync(section.Install, waits: false)
            || !await TryAsync(section.Use, !IsChecked(section))
            || !await TryAsync(section.Ask, !IsChecked(section))
        )
        {
            await ExplainAsync(name);
            return;
        }

        foreach (
            (string[] verb, string version) in ((string[], string)[])
                [(["update", "--rebase", $"{name}:{ImageBuilder.NextTag}"], ImageBuilder.NextTag), (["rollback"], "")]
        )
        {
            CommandResult changed = await _host.SysctrAsync([.. verb, name]);
            CommandResult inside = await _host.SysctrAsync("exec", name, "cat", ImageBuilder.NextFile);
            if (changed.ExitCode != 0 || inside.Output.Trim() != version)
            {
                _wrong.Add(
                    $"{name}: '{string.Join(' ', verb)}' ended with {changed.ExitCode}, and it is at version '{inside.Output.Trim()}', not '{version}':\n{changed.All}"
                );
            }

            if (!await TryAsync(section.Ask, !IsChecked(section)))
            {
                await ExplainAsync(name);
            }
        }
    }

    /// <summary>The files instead of what was installed, in one transaction: the payloads are the same, and have what
    /// was theirs.</summary>
    private async Task DeclareAsync(IReadOnlyList<PageSection> sections)
    {
        Dictionary<string, string> installed = [];
        StringBuilder script = new($"mkdir -p {Files}\n");
        foreach (PageSection section in sections)
        {
            installed[section.Name] = await ConfigurationAsync(section.Name);
            script.Append(
                $"sysctr --quiet uninstall {section.Name}; cat >{Files}/{section.Name}.container <<'END'\n{section.File}END\n"
            );
        }

        await _host.ShellAsync(script.ToString());
        CommandResult applied = await _host.SysctrAsync("apply");
        if (applied.ExitCode != 0)
        {
            _wrong.Add(applied.All);
            return;
        }

        foreach (PageSection section in sections)
        {
            string declared = await ConfigurationAsync(section.Name);
            if (declared != installed[section.Name])
            {
                _wrong.Add(
                    $"{section.Name}: by the command its configuration is\n{installed[section.Name]}\nby the file it is\n{declared}"
                );
            }

            if (!await TryAsync(section.Ask, !IsChecked(section)))
            {
                await ExplainAsync(section.Name);
            }
        }
    }

    /// <summary>Whether sysctr says of it that it serves, and not that it runs alone: then it answers at
    /// once.</summary>
    private static bool IsChecked(PageSection section) =>
        section.Install[^1].Line.Contains(" --health-cmd ", StringComparison.Ordinal)
        || ImageSource.Ordinary.Single(i => i.Name == section.Name).ReadHealthcheck() is not null;

    private async Task<bool> TryAsync(IReadOnlyList<ShownCommand> commands, bool waits)
    {
        foreach (ShownCommand command in commands)
        {
            DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(waits ? 90 : 0);
            while (await command.TryAsync(_host.RunAsync) is { } wrong)
            {
                if (DateTime.UtcNow > end)
                {
                    _wrong.Add(wrong);
                    return false;
                }

                await Task.Delay(200);
            }
        }

        return true;
    }

    /// <summary>What the payload gets: options have no other end.</summary>
    private async Task<string> ConfigurationAsync(string name) =>
        await _host.ShellAsync($"cat /var/lib/sysctr/deployments/{name}/current/config.json");

    private async Task ExplainAsync(string name) =>
        _wrong.Add(
            (
                await _host.RunAsync(
                    "sh",
                    "-c",
                    $"systemctl status {name} --no-pager --lines 0; journalctl -u {name} -o cat --no-pager --lines 40"
                )
            ).All
        );
}
