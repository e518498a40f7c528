// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests.Faults;

/// <summary>A power cut in the middle of something: sysctr-recover.service ends it before the container
/// starts.</summary>
public sealed class BootRecoveryTests(SweepHost fixture) : IClassFixture<SweepHost>
{
    private const string Image = "oci:/srv/tiny:latest";

    private readonly NspawnHost _host = fixture.Host;

    /// <summary>An operation, the first step of that kind in it, how many steps after that it is cut, and the
    /// deployment that is there afterwards.</summary>
    public static TheoryData<string, string, int, string> Cuts =>
        new()
        {
            { "update", "StopUnit", 1, "0" },
            { "update", "Reload", 0, "0" },
            { "update", "RestartUnit", 1, "0" },
            { "update", "RestartUnit", 6, "1" },
            { "rollback", "Reload", 0, "1" },
            { "uninstall", "StopUnit", 2, "" },
            { "install", "Reload", 1, "" },
        };

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_power_cut_is_recovered_from_before_anything_starts(
        string operation,
        string call,
        int after,
        string deployment
    )
    {
        // A whole run first, to know the steps; then the same again up to one of them.
        int step = await StepAsync(operation, call) + after;
        await BeginAsync(operation);

        CommandResult cut = await _host.RunAsync(["env", $"SYSCTR_FAULT=kill:{step}", "sysctr", .. Command(operation)]);
        string pending = await _host.ShellAsync("ls /var/lib/sysctr/transactions");
        await _host.PowerCutAsync();

        Assert.Equal(137, cut.ExitCode);
        Assert.NotEqual("", pending);
        Assert.Equal(
            "",
            await _host.ShellAsync("find /var/lib/sysctr/transactions /var/lib/sysctr/staging -mindepth 1")
        );
        Assert.Equal("success", await _host.UnitPropertyAsync("sysctr-recover.service", "Result"));
        Assert.Equal(
            deployment,
            (await _host.ShellAsync("readlink /var/lib/sysctr/deployments/tiny/current || true")).Trim()
        );
        Assert.Equal(
            deployment == "" ? "not-found" : "loaded",
            await _host.UnitPropertyAsync("tiny.service", "LoadState")
        );
        if (deployment != "")
        {
            Assert.Equal("active", await _host.UnitPropertyAsync("tiny.service", "ActiveState"));
            Assert.Equal("no", await _host.UnitPropertyAsync("tiny.service", "NeedDaemonReload"));
            Assert.Equal(
                $"/var/lib/sysctr/deployments/tiny/{deployment}",
                await _host.UnitPropertyAsync("tiny.service", "WorkingDirectory")
            );
            Assert.InRange(
                await _host.UnitNumberAsync("sysctr-recover.service", "ExecMainExitTimestampMonotonic"),
                1,
                await _host.UnitNumberAsync("tiny.service", "InactiveExitTimestampMonotonic")
            );
        }

        (await _host.SysctrAsync("fsck")).MustSucceed();
    }

    [Fact]
    public async Task What_the_boot_did_not_see_because_of_the_cut_is_started_all_the_same()
    {
        int step = await StepAsync("update", "Reload");
        await BeginAsync("update");
        await _host.RunAsync(["env", $"SYSCTR_FAULT=kill:{step}", "sysctr", .. Command("update")]);

        // As if the cut had come between two steps that no kill can part: the file gone, the new one not there.
        await _host.ShellAsync("rm /etc/systemd/system/tiny.service; sync");
        await _host.PowerCutAsync();

        string state = await _host.ShellAsync(
            "for i in $(seq 1200); do systemctl is-active tiny.service && break; sleep 0.1; done"
        );
        Assert.True(
            state.EndsWith("active\n", StringComparison.Ordinal)
                && !state.EndsWith("inactive\n", StringComparison.Ordinal),
            await _host.ShellAsync(
                "systemctl status sysctr-recover.service tiny.service --no-pager --full || true; journalctl --boot --no-pager | grep -E 'tiny|sysctr|recover' || true"
            )
        );
        Assert.Equal(
            "/var/lib/sysctr/deployments/tiny/0",
            await _host.UnitPropertyAsync("tiny.service", "WorkingDirectory")
        );
    }

    [Fact]
    public async Task A_unit_without_default_dependencies_waits_for_the_recovery_too()
    {
        string image = await new WildImage
        {
            Service = "[Unit]\nDefaultDependencies=no\n",
            Arguments = ["$NAME", "$WORD"],
        }
            .Export("manifest.json", """{"version": "1.0", "defaultValues": {"WORD": "none"}}""")
            .PutAsync(_host);
        await using Container early = await Container.InstallAsync(_host, image, "--now");
        string[] update = ["sysctr", "update", "--set", "WORD=one", early.Name];
        (await _host.RunAsync(["env", "SYSCTR_FAULT=trace:/srv/trace", .. update])).MustSucceed();
        string step = await _host.ShellAsync("grep -m 1 ' Reload$' /srv/trace | cut -d ' ' -f 1; rm /srv/trace");
        (await _host.SysctrAsync("rollback", early.Name)).MustSucceed();

        CommandResult cut = await _host.RunAsync(["env", $"SYSCTR_FAULT=kill:{step.Trim()}", .. update]);
        await _host.PowerCutAsync();

        Assert.Equal(137, cut.ExitCode);
        Assert.Equal("active", await early.PropertyAsync("ActiveState"));
        Assert.Equal("/var/lib/sysctr/deployments/" + early.Name + "/0", await early.PropertyAsync("WorkingDirectory"));
        Assert.InRange(
            await _host.UnitNumberAsync("sysctr-recover.service", "ExecMainExitTimestampMonotonic"),
            1,
            await early.TimeAsync("InactiveExit")
        );
        Assert.Equal(
            "",
            await _host.ShellAsync(
                "journalctl --sync; journalctl --boot --no-pager --output=cat | grep -i 'ordering cycle' || true"
            )
        );
    }

    [Fact]
    public async Task A_boot_after_which_nothing_is_to_be_done_does_nothing()
    {
        await BeginAsync("update");

        await _host.RebootAsync();

        Assert.Equal("no", await _host.UnitPropertyAsync("sysctr-recover.service", "ConditionResult"));
        Assert.Equal("active", await _host.UnitPropertyAsync("tiny.service", "ActiveState"));
    }

    [Fact]
    public async Task An_uninstall_whose_intent_could_not_be_made_durable_is_not_carried_out_later()
    {
        await BeginAsync("update");
        (await _host.RunAsync(["env", "SYSCTR_FAULT=trace:/srv/trace", "sysctr", "uninstall", "tiny"])).MustSucceed();
        string rename = await _host.ShellAsync("grep -m 1 ' rename$' /srv/trace | cut -d ' ' -f 1; rm /srv/trace");
        await BeginAsync("update");

        // The intent has its name then, and the sync of its directory fails.
        int step = int.Parse(rename, System.Globalization.CultureInfo.InvariantCulture) + 1;
        CommandResult failed = await _host.RunAsync(["env", $"SYSCTR_FAULT=eio:{step}", "sysctr", "uninstall", "tiny"]);
        Assert.True(failed.ExitCode == 14 && failed.Error.Contains("fsync", StringComparison.Ordinal), failed.All);

        (await _host.SysctrAsync("recover")).MustSucceed();
        Assert.Equal("active", await _host.UnitPropertyAsync("tiny.service", "ActiveState"));
        Assert.Contains("tiny", (await _host.SysctrAsync("list")).MustSucceed().Output, StringComparison.Ordinal);
    }

    private static string[] Command(string operation) =>
        operation switch
        {
            // Its second version brings one program more.
            "install" => ["install", "--grant", "program", "--name", "tiny", Image],
            _ => [operation, "tiny"],
        };

    /// <summary>The state in which an operation begins; its container runs.</summary>
    private async Task BeginAsync(string operation)
    {
        await ResetAsync();
        await LayoutAsync(1);
        if (operation == "install")
        {
            return;
        }

        (await _host.SysctrAsync([.. Command("install"), "--now"])).MustSucceed();
        await LayoutAsync(2);
        if (operation == "rollback")
        {
            (await _host.SysctrAsync(Command("update"))).MustSucceed();
        }
    }

    private async Task<int> StepAsync(string operation, string call)
    {
        // The first run on a store makes directories that later ones find.
        await BeginAsync("rollback");
        await BeginAsync(operation);
        (await _host.RunAsync(["env", "SYSCTR_FAULT=trace:/srv/trace", "sysctr", .. Command(operation)])).MustSucceed();
        string step = await _host.ShellAsync($"grep -m 1 ' {call}$' /srv/trace | cut -d ' ' -f 1; rm /srv/trace");
        return int.Parse(step, System.Globalization.CultureInfo.InvariantCulture);
    }

    private Task<string> LayoutAsync(int version) =>
        _host.ShellAsync($"rm -rf /srv/tiny; cp -a /srv/tiny-{version} /srv/tiny");

    private async Task ResetAsync()
    {
        await _host.ShellAsync("! test -e /var/lib/sysctr/deployments/tiny || sysctr uninstall --purge tiny");
        (await _host.SysctrAsync("images", "prune", "--all")).MustSucceed();
    }
}
