// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd;
using SystemContainers.Target;

namespace SystemContainers.Verbs;

/// <summary>A container as a service that is there for one run, in the foreground.</summary>
static class ForegroundRun
{
    /// <summary>Runs it and waits for its end; where the wait is broken off, it is stopped.</summary>
    /// <param name="unit">The service's name; nothing of it is left afterwards.</param>
    /// <param name="name">What its messages stand under in the journal.</param>
    /// <param name="command">How it is started; what follows its end is among <paramref name="properties"/>.</param>
    /// <param name="properties">What the service has besides, such as <c>ExecStopPost=</c>.</param>
    /// <param name="cancellation">Breaks the wait off.</param>
    /// <returns>The payload's exit status.</returns>
    public static async Task<int> RunAsync(
        Host host,
        string unit,
        string name,
        IReadOnlyList<string> command,
        IEnumerable<string> properties,
        CancellationToken cancellation
    )
    {
        try
        {
            return await TransientService.RunAsync(
                unit,
                ["Delegate=yes", $"SyslogIdentifier={name}", .. properties],
                host.User,
                // systemd would put variables of its own into the words (systemd.service(5), "Command lines").
                [.. command.Select(w => w.Replace("$", "$$", StringComparison.Ordinal))],
                cancellation
            );
        }
        finally
        {
            // Where the wait was broken off the payload still runs.
            await host.Systemd.StopAsync(unit, CancellationToken.None);
            await host.Systemd.ResetFailedAsync(unit, CancellationToken.None);
        }
    }
}
