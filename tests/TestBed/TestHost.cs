// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.TestBed;

/// <summary>A disposable Debian with a booted systemd, on which tests install, reboot and break things.</summary>
public abstract class TestHost : IAsyncDisposable
{
    /// <summary>Where the image registry answers inside every host.</summary>
    public const string Registry = "127.0.0.1:5000";

    /// <summary>Where a registry that takes pushes answers, on hosts that start one.</summary>
    public const string MovingRegistry = "127.0.0.1:5001";

    /// <summary>What a login of root would have.</summary>
    protected static readonly string[] CleanEnvironment =
    [
        "env",
        "-i",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "LANG=C.UTF-8",
    ];

    /// <summary>Runs a program on the host to its end.</summary>
    public abstract Task<CommandResult> RunAsync(IReadOnlyList<string> commandLine, TimeSpan? timeout = null);

    /// <summary>Reboots the host and waits until it is up again.</summary>
    public abstract Task RebootAsync();

    /// <summary>Ends the host without telling it and starts it again from what is on its disk.</summary>
    public abstract Task PowerCutAsync();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>Runs a program on the host to its end.</summary>
    public Task<CommandResult> RunAsync(string program, params string[] arguments) => RunAsync([program, .. arguments]);

    /// <summary>Runs a program on the host that has to succeed.</summary>
    public async Task<CommandResult> MustAsync(string program, params string[] arguments) =>
        (await RunAsync([program, .. arguments])).MustSucceed();

    /// <summary>Runs a shell script on the host (<c>sh -eu</c>) that has to succeed.</summary>
    public async Task<string> ShellAsync(string script) => (await RunAsync("sh", "-euc", script)).MustSucceed().Output;

    /// <summary>Runs the published <c>sysctr</c>.</summary>
    public Task<CommandResult> SysctrAsync(params string[] arguments) => RunAsync(["sysctr", .. arguments]);

    /// <summary>One property of a unit as <c>systemctl show</c> prints it.</summary>
    public async Task<string> UnitPropertyAsync(string unit, string property) =>
        (await MustAsync("systemctl", "show", "--value", $"--property={property}", unit)).Output.Trim();

    /// <summary>A number that a unit has as property: a pid, or microseconds of the monotonic clock.</summary>
    public async Task<long> UnitNumberAsync(string unit, string property) =>
        long.Parse(await UnitPropertyAsync(unit, property), CultureInfo.InvariantCulture);

    /// <summary>Asks until a command succeeds; for what happens soon, but nobody tells when.</summary>
    public async Task<CommandResult> EventuallyAsync(string script, TimeSpan limit)
    {
        DateTime end = DateTime.UtcNow + limit;
        while (true)
        {
            CommandResult result = await RunAsync("sh", "-euc", script);
            if (result.ExitCode == 0 || DateTime.UtcNow > end)
            {
                return result.MustSucceed();
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Waits until systemd knows no unit of these names any more: one that has ended is forgotten when it gets
    /// to it.</summary>
    /// <param name="patterns">As systemctl's.</param>
    public Task UnitsGoneAsync(params string[] patterns) =>
        EventuallyAsync(
            $"left=$(systemctl list-units --all --plain --no-legend {string.Join(' ', patterns.Select(p => $"'{p}'"))}); test -z \"$left\" || {{ echo \"$left\" >&2; exit 1; }}",
            TimeSpan.FromMinutes(3)
        );

    /// <summary>Has payloads watched for so long after a start as <see cref="HostSetup"/> does not, until what this
    /// gives is disposed of: for those that die of themselves.</summary>
    /// <param name="seconds">The time. A payload that dies ends it at once, one that lives on does not.</param>
    public async Task<IAsyncDisposable> SettleAsync(int seconds)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"settle = {seconds}");
        await ShellAsync(
            $"cp /etc/sysctr/sysctr.toml /root/sysctr.toml; sed -i 's/^settle = .*/{line}/' /etc/sysctr/sysctr.toml; grep -qx '{line}' /etc/sysctr/sysctr.toml"
        );
        return new Undo(this, "mv /root/sysctr.toml /etc/sysctr/sysctr.toml");
    }

    /// <summary>Waits until the boot is over; units that failed do not matter here.</summary>
    protected async Task WaitUntilBootedAsync(Func<bool> hasEnded, string log)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromMinutes(5);
        string state = "";
        while (DateTime.UtcNow < end && !hasEnded())
        {
            // No manager answers before the first moments of a boot are over; "--wait" covers the rest of them.
            CommandResult asked = await RunAsync(["systemctl", "is-system-running", "--wait"]);
            state = asked.All;
            if (asked.Output.Trim() is "running" or "degraded")
            {
                return;
            }

            await Task.Delay(100);
        }

        string said = File.Exists(log) ? await File.ReadAllTextAsync(log) : "";
        throw new InvalidOperationException($"the host did not boot ({state}):\n{said}");
    }

    private sealed class Undo(TestHost host, string script) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await host.ShellAsync(script);
    }
}
