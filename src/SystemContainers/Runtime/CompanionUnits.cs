// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Linux.Native;

namespace SystemContainers.Runtime;

/// <summary>
/// Units of systemd-run(1) that are there while a container runs, for it: they speak in the journal for its unit.
/// systemd-run reaches systemd without D-Bus, so also early at boot.
/// </summary>
static class CompanionUnits
{
    /// <summary>Makes one.</summary>
    /// <param name="options">Of systemd-run.</param>
    /// <param name="command">What it starts, each word as it is: systemd puts variables in where a dollar sign stands
    /// alone.</param>
    /// <returns>The exit status; what was said is in the journal.</returns>
    public static int Run(IEnumerable<string> options, IEnumerable<string> command) =>
        Call(
            [
                "systemd-run",
                .. ForUser,
                "--quiet",
                "--collect",
                .. options,
                "--",
                .. command.Select(w => w.Replace("$", "$$", StringComparison.Ordinal)),
            ],
            isSaid: true
        );

    /// <summary>Takes them away; whether there were any does not matter.</summary>
    /// <param name="names">With their suffixes.</param>
    public static void Stop(params string[] names)
    {
        Call(["systemctl", .. ForUser, "stop", "--quiet", .. names], isSaid: false);
        Call(["systemctl", .. ForUser, "reset-failed", "--quiet", .. names], isSaid: false);
    }

    /// <summary>Asks systemd to do something with the container's unit, and does not wait. Where it is at something
    /// else with it, such as a stop that somebody asked for, that goes on.</summary>
    /// <param name="verb">stop, restart.</param>
    public static void Tell(string verb, string unit) =>
        Call(["systemctl", .. ForUser, verb, "--no-block", "--job-mode=fail", unit], isSaid: true);

    /// <summary>Properties by which 'journalctl -u UNIT' finds its lines (add_matches_for_unit in journalctl's source),
    /// and whoever asks for one life of the unit.</summary>
    public static IEnumerable<string> SpeakingFor(string unit, string identifier)
    {
        bool system = Libc.geteuid() == 0;
        string? apart = Environment.GetEnvironmentVariable("LOG_NAMESPACE");
        return
        [
            $"--property=SyslogIdentifier={identifier}",
            $"--property=LogExtraFields={(system ? "OBJECT_SYSTEMD_UNIT" : "USER_UNIT")}={unit}",
            .. Environment.GetEnvironmentVariable("INVOCATION_ID") is { } life
                ? [$"--property=LogExtraFields={(system ? "INVOCATION_ID" : "USER_INVOCATION_ID")}={life}"]
                : (string[])[],
            .. string.IsNullOrEmpty(apart) ? (string[])[] : [$"--property=LogNamespace={apart}"],
        ];
    }

    private static string[] ForUser => Libc.geteuid() == 0 ? [] : ["--user"];

    private static int Call(string[] command, bool isSaid)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardError = true }
        )!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0 && isSaid)
        {
            LaunchLog.Error(said.Trim());
        }

        return process.ExitCode;
    }
}
