// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Health checks of a container that runs, as podman has them: a timer of systemd's that is there while the container is, each check a short service. Nobody of ours waits in between;
/// what was found so far is in the start's directory.
/// </summary>
static class HealthTimer
{
    private const string CountFile = "health";
    private const int PollMilliseconds = 500;

    /// <summary>Makes the timer of a start, where config.json asks for checks that repeat.</summary>
    /// <param name="document">config.json of this start.</param>
    /// <param name="bundle">Its directory, where <c>launch health</c> finds the document.</param>
    /// <param name="options">The start's.</param>
    /// <param name="unit">The container's unit.</param>
    /// <exception cref="SysctrException">Host: systemd does not make it.</exception>
    public static void Start(JsonObject document, string bundle, LaunchOptions options, string unit)
    {
        if (Find(document) is not { Interval: > 0 } check)
        {
            return;
        }

        Stop(options.Id);
        File.Delete(Path.Join(bundle, CountFile));
        string interval = check.Interval.ToString("0.###", CultureInfo.InvariantCulture) + "s";
        string[] words =
        [
            $"--unit={Unit(options.Id)}", $"--description=Health of the container {options.Id}", $"--on-active={interval}", $"--timer-property=OnUnitInactiveSec={interval}",
            "--timer-property=AccuracySec=100ms", "--timer-property=DefaultDependencies=no", "--property=Type=oneshot", "--property=DefaultDependencies=no",

            // systemd tells of each start and end of a unit; twice a minute for ever that would be the journal.
            "--property=LogLevelMax=notice", .. CompanionUnits.SpeakingFor(unit, "sysctr"),
        ];
        if (CompanionUnits.Run(words, [Environment.ProcessPath!, "launch", "health", $"--runtime={options.Runtime}", $"--bundle={bundle}", unit]) != 0)
        {
            throw new SysctrException(ErrorKind.Host, $"starting {options.Id}: systemd does not make a timer for its health checks", "'sysctr update --health-interval disable NAME' goes without");
        }
    }

    /// <summary>Takes the timer away; a check that runs ends.</summary>
    public static void Stop(string id) => CompanionUnits.Stop(Unit(id) + ".timer", Unit(id) + ".service");

    /// <summary>Whether a start may have made one.</summary>
    /// <param name="bundle">Its directory.</param>
    public static bool MayBe(string bundle) =>
        File.Exists(Path.Join(bundle, "config.json")) && File.ReadAllText(Path.Join(bundle, "config.json")).Contains(StartAnnotations.Health, StringComparison.Ordinal);

    /// <summary>Makes one check, counts, and does what was asked for when it was the last of too many that failed.</summary>
    /// <param name="bundle">The start's directory.</param>
    /// <param name="runtime">The container's.</param>
    /// <param name="unit">Its unit.</param>
    public static int Check(string bundle, OciRuntime runtime, string unit)
    {
        PeriodicCheck check = Find(Read(bundle)) ?? throw new SysctrException(ErrorKind.Corrupt, $"checking the health of {unit}: {bundle} has no check");
        string file = Path.Join(bundle, CountFile);
        int failures = File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out int before) ? before : 0;
        string? why = RunOnce(check, bundle, runtime);
        bool counts = DateTime.UtcNow - File.GetLastWriteTimeUtc(Path.Join(bundle, "config.json")) > TimeSpan.FromSeconds(check.StartPeriod);
        int now = why is null ? 0 : failures + (counts ? 1 : 0);
#pragma warning disable RS0030 // /run is memory: nothing there outlives the machine.
        File.WriteAllText(file, now.ToString(CultureInfo.InvariantCulture));
#pragma warning restore RS0030
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

    /// <summary>Waits until the check holds, for as long as systemd lets it: the unit is ready then (--sdnotify=healthy).</summary>
    public static int Await(string bundle, OciRuntime runtime, string unit)
    {
        PeriodicCheck check = Find(Read(bundle)) ?? throw new SysctrException(ErrorKind.Corrupt, $"checking the health of {unit}: {bundle} has no check");
        string? said = null;
        while (RunOnce(check, bundle, runtime) is { } why)
        {
            if (why != said)
            {
                LaunchLog.Warning($"{unit} is not healthy yet: {said = why}");
            }

            Thread.Sleep(PollMilliseconds);
        }

        return 0;
    }

    private static void Act(string action, string bundle, OciRuntime runtime, string unit)
    {
        switch (action)
        {
            case "kill":
                // Its Restart= says what follows.
                using (System.Diagnostics.Process kill = System.Diagnostics.Process.Start(
                    new System.Diagnostics.ProcessStartInfo(runtime.Command[0], [.. runtime.Command.Skip(1), "kill", Path.GetFileName(bundle), "KILL"]) { UseShellExecute = false })!)
                {
                    kill.WaitForExit();
                }

                break;
            case "restart" or "stop":
                CompanionUnits.Tell(action, unit);
                break;
        }
    }

    private static string? RunOnce(PeriodicCheck check, string bundle, OciRuntime runtime) => HealthProbe.RunAsync(
        new HealthCheck { Command = check.Command, Http = check.Http, Tcp = check.Tcp, WorkingDirectory = check.Directory },
        runtime, Path.GetFileName(bundle), Libc.geteuid() == 0 ? null : HostUser.OfCaller(), TimeSpan.FromSeconds(check.Attempt), CancellationToken.None).GetAwaiter().GetResult();

    private static PeriodicCheck? Find(JsonObject document) => StartAnnotations.Lines(document, StartAnnotations.Health) is [var json] ? PeriodicCheck.Parse(json) : null;

    private static JsonObject Read(string bundle) => JsonNode.Parse(File.ReadAllBytes(Path.Join(bundle, "config.json")))!.AsObject();

    private static string Unit(string id) => $"sysctr-health-{id}";
}
