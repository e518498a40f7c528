// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Bundle.Checks;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Health checks of a container that runs, as podman has them: a timer of systemd's that is there while the container
/// is, each check a short service. Nobody of ours waits in between; what was found so far is in the start's directory.
/// </summary>
static class HealthTimer
{
    private const string CountFile = "health";

    /// <summary>Successes and failures of the check at the start.</summary>
    private const string StartupFile = "health-startup";

    /// <summary>There when that one has held.</summary>
    private const string StartedFile = "health-started";

    /// <summary>There before there is any timer, and longer than one: a start may be stopped before its config.json is.
    /// It says when, in milliseconds of the clock that nobody sets.</summary>
    private const string TimersFile = "health-timers";

    private const int PollMilliseconds = 500;

    /// <summary>Makes the timers of a start, where config.json asks for checks that repeat.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="bundle">Its directory, where <c>launch health</c> finds the document.</param>
    /// <param name="options">The start's.</param>
    /// <param name="unit">The container's unit.</param>
    /// <exception cref="SysctrException">Host: systemd does not make it.</exception>
    public static void Start(JsonObject document, string bundle, LaunchOptions options, string unit)
    {
        if (Find(document) is not { } check || (check.Interval <= 0 && check.Startup is null))
        {
            return;
        }

        Stop(options.Id);
        foreach (string file in (string[])[CountFile, StartupFile, StartedFile])
        {
            File.Delete(Path.Join(bundle, file));
        }

        Write(Path.Join(bundle, TimersFile), Environment.TickCount64.ToString(CultureInfo.InvariantCulture));
        if (check.Interval > 0)
        {
            Make(Unit(options.Id), "health", "--health-interval disable", check.Interval, bundle, options, unit);
        }

        if (check.Startup is { Interval: > 0 } startup)
        {
            Make(
                StartupUnit(options.Id),
                "startup",
                "--reset health-startup-cmd",
                startup.Interval,
                bundle,
                options,
                unit
            );
        }
    }

    /// <summary>Makes one; <paramref name="without"/> are the words of an update that go without it.</summary>
    private static void Make(
        string name,
        string verb,
        string without,
        double seconds,
        string bundle,
        LaunchOptions options,
        string unit
    )
    {
        string interval = seconds.ToString("0.###", CultureInfo.InvariantCulture) + "s";
        string[] words =
        [
            $"--unit={name}",
            $"--description=Health of the container {options.Id}",
            $"--on-active={interval}",
            $"--timer-property=OnUnitInactiveSec={interval}",
            "--timer-property=AccuracySec=100ms",
            "--timer-property=DefaultDependencies=no",
            "--property=Type=oneshot",
            "--property=DefaultDependencies=no",
            // systemd tells of each start and end of a unit; twice a minute for ever that would be the journal.
            "--property=LogLevelMax=notice",
            // It runs what the image says, and hears what a hostile payload answers.
            "--property=MemoryMax=128M",
            .. CompanionUnits.SpeakingFor(unit, "sysctr"),
        ];
        if (
            CompanionUnits.Run(
                words,
                [Environment.ProcessPath!, "launch", verb, $"--runtime={options.Runtime}", $"--bundle={bundle}", unit]
            ) != 0
        )
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"starting {options.Id}: systemd does not make a timer for its health checks",
                $"'sysctr update {without} NAME' goes without"
            );
        }
    }

    /// <summary>Takes the timers away; a check that runs ends.</summary>
    public static void Stop(string id) =>
        CompanionUnits.Stop(
            StartupUnit(id) + ".timer",
            StartupUnit(id) + ".service",
            Unit(id) + ".timer",
            Unit(id) + ".service"
        );

    /// <summary>Whether a start may have made one.</summary>
    /// <param name="bundle">Its directory.</param>
    public static bool MayBe(string bundle) => File.Exists(Path.Join(bundle, TimersFile));

    /// <summary>Makes one check, counts, and does what was asked for when it was the last of too many that
    /// failed.</summary>
    /// <param name="bundle">The start's directory.</param>
    /// <param name="runtime">The container's.</param>
    public static int Check(string bundle, OciRuntime runtime, string unit)
    {
        PeriodicCheck check = Required(bundle, unit);
        if (check.Startup is not null && !File.Exists(Path.Join(bundle, StartedFile)))
        {
            return 0;
        }

        string file = Path.Join(bundle, CountFile);
        int failures =
            File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out int before)
                ? before
                : 0;
        string? why = RunOnce(check, bundle, runtime);
        bool counts = SinceStart(bundle) > TimeSpan.FromSeconds(check.StartPeriod);
        int now = why is null ? 0 : failures + (counts ? 1 : 0);
        Write(file, now.ToString(CultureInfo.InvariantCulture));
        if (why is null && failures >= check.Retries)
        {
            LaunchLog.Warning($"{unit} is healthy again");
        }
        else if (now >= check.Retries && (failures < check.Retries || check.OnFailure != "none"))
        {
            LaunchLog.Warning($"{unit} is unhealthy: {why}; {now} in a row, on failure: {check.OnFailure}");
            Act(check.OnFailure, bundle, runtime, unit);
        }

        return 0;
    }

    /// <summary>How long ago a start was, whatever became of the time of day meanwhile: a clock that is put back by a
    /// day must not let failures go uncounted for that day, nor one that is put forward at boot end a start's
    /// grace.</summary>
    /// <param name="bundle">Its directory.</param>
    internal static TimeSpan SinceStart(string bundle) =>
        long.TryParse(
            File.Exists(Path.Join(bundle, TimersFile)) ? File.ReadAllText(Path.Join(bundle, TimersFile)) : "",
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out long start
        )
            ? TimeSpan.FromMilliseconds(Environment.TickCount64 - start)
            // A container that an earlier sysctr has started.
            : DateTime.UtcNow - File.GetLastWriteTimeUtc(Path.Join(bundle, "config.json"));

    /// <summary>Makes the check of the start once, and counts as podman does: what holds often enough lets the other
    /// checks begin, what fails too often restarts the container.</summary>
    /// <inheritdoc cref="Check"/>
    public static int CheckStartup(string bundle, OciRuntime runtime, string unit)
    {
        PeriodicCheck check = Required(bundle, unit);
        if (check.Startup is not { } startup || File.Exists(Path.Join(bundle, StartedFile)))
        {
            return 0;
        }

        string file = Path.Join(bundle, StartupFile);
        (int held, int failed) =
            File.Exists(file) && File.ReadAllText(file).Split(' ') is [var first, var second]
                ? (int.Parse(first, CultureInfo.InvariantCulture), int.Parse(second, CultureInfo.InvariantCulture))
                : (0, 0);
        string? why = RunOnce(OfStartup(check, startup), bundle, runtime);
        (held, failed) = why is null ? (held + 1, failed) : (held, failed + 1);
        Write(file, string.Create(CultureInfo.InvariantCulture, $"{held} {failed}"));
        if (held >= startup.Success)
        {
            Write(Path.Join(bundle, StartedFile), "");
            CompanionUnits.Stop(StartupUnit(Path.GetFileName(bundle)) + ".timer");
        }
        else if (startup.Retries > 0 && failed >= startup.Retries)
        {
            LaunchLog.Warning($"{unit} has not come up: {why}; {failed} checks failed, and it is restarted");
            CompanionUnits.Tell("restart", unit);
        }

        return 0;
    }

    /// <summary>Waits until the check holds, and before that the one of the start, for as long as systemd lets it: the
    /// unit is ready then (--sdnotify=healthy).</summary>
    public static int Await(string bundle, OciRuntime runtime, string unit)
    {
        PeriodicCheck check = Required(bundle, unit);
        string? said = null;
        for (int left = check.Startup?.Success ?? 0; left > 0; left--)
        {
            AwaitOnce(OfStartup(check, check.Startup!));
        }

        AwaitOnce(check);
        return 0;

        void AwaitOnce(PeriodicCheck one)
        {
            while (RunOnce(one, bundle, runtime) is { } why)
            {
                if (why != said)
                {
                    LaunchLog.Warning($"{unit} is not healthy yet: {said = why}");
                }

                Thread.Sleep(PollMilliseconds);
            }
        }
    }

    private static PeriodicCheck OfStartup(PeriodicCheck check, StartupCheck startup) =>
        check with
        {
            Command = startup.Command,
            Http = null,
            Tcp = null,
            Attempt = startup.Attempt,
        };

    private static PeriodicCheck Required(string bundle, string unit) =>
        Find(Launcher.ReadConfig(bundle))
        ?? throw new SysctrException(ErrorKind.Corrupt, $"checking the health of {unit}: {bundle} has no check");

    private static void Write(string file, string text)
    {
#pragma warning disable RS0030 // /run is memory: nothing there outlives the machine.
        File.WriteAllText(file, text);
#pragma warning restore RS0030
    }

    private static void Act(string action, string bundle, OciRuntime runtime, string unit)
    {
        switch (action)
        {
            case "kill":
                // Its Restart= says what follows.
                using (
                    System.Diagnostics.Process kill = System.Diagnostics.Process.Start(
                        new System.Diagnostics.ProcessStartInfo(
                            runtime.Command[0],
                            [.. runtime.Command.Skip(1), "kill", Path.GetFileName(bundle), "KILL"]
                        )
                        {
                            UseShellExecute = false,
                        }
                    )!
                )
                {
                    kill.WaitForExit();
                }

                break;
            case "restart" or "stop":
                CompanionUnits.Tell(action, unit);
                break;
        }
    }

    private static string? RunOnce(PeriodicCheck check, string bundle, OciRuntime runtime) =>
        HealthProbe
            .RunAsync(
                new HealthCheck
                {
                    Command = check.Command,
                    Http = check.Http,
                    Tcp = check.Tcp,
                    WorkingDirectory = check.Directory,
                },
                runtime,
                Path.GetFileName(bundle),
                Path.Join(bundle, "config.json"),
                Libc.geteuid() == 0 ? null : HostUser.OfCaller(),
                TimeSpan.FromSeconds(check.Attempt),
                CancellationToken.None
            )
            .GetAwaiter()
            .GetResult();

    private static PeriodicCheck? Find(JsonObject document) =>
        StartAnnotations.Lines(document, StartAnnotations.Health) is [var json] ? PeriodicCheck.Parse(json) : null;

    private static string Unit(string id) => $"sysctr-health-{id}";

    private static string StartupUnit(string id) => $"sysctr-startup-{id}";
}
