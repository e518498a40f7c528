// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Systemd;

/// <summary>A service that is there for one run, made by systemd-run(1).</summary>
static class TransientService
{
    /// <summary>The words that call systemd-run for a service with the caller's standard streams, which is waited for;
    /// options and the command follow.</summary>
    /// <param name="user">Whose systemd; null for the system's.</param>
    public static IReadOnlyList<string> Caller(HostUser? user) =>
        [
            "systemd-run",
            .. user is null ? Array.Empty<string>() : ["--user"],
            "--quiet",
            "--wait",
            "--collect",
            "--pipe",
        ];

    /// <summary>
    /// Runs a command as a service and waits until it has ended. What goes in and out goes through pipes, or a terminal
    /// of its own where this process has one: systemd-run hands the descriptors that it has to the service, and so to
    /// the payload.
    /// </summary>
    /// <param name="unit">The service's name; nothing of it is left afterwards.</param>
    /// <param name="properties">Such as <c>Delegate=yes</c>.</param>
    /// <param name="user">Whose systemd; null for the system's.</param>
    /// <param name="command">Absolute path of the program, and its words.</param>
    /// <param name="cancellation">Ends the wait; the service then has to be stopped.</param>
    /// <returns>The command's exit status.</returns>
    /// <exception cref="Errors.SysctrException">Host: systemd-run is not there.</exception>
    public static async Task<int> RunAsync(
        string unit,
        IReadOnlyList<string> properties,
        HostUser? user,
        IReadOnlyList<string> command,
        CancellationToken cancellation
    )
    {
        string[] words =
        [
            .. Caller(user),
            "--unit",
            unit,
            .. properties.Select(p => "--property=" + p),
            "--",
            .. command,
        ];
        bool terminal = Libc.isatty(0) == 1 && Libc.isatty(1) == 1;
        return await BorderRelay.RunAsync(words, terminal, cgroup: null, forward: false, cancellation);
    }
}
