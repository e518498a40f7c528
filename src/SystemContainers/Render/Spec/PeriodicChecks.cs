// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle.Checks;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Settings.Health;
using SystemContainers.Templates;

namespace SystemContainers.Render.Spec;

/// <summary>Checks of a container's health that are made again and again, as options ask for them, or as podman makes
/// an image's HEALTHCHECK. What options leave unsaid, that says, and else podman does.</summary>
static class PeriodicChecks
{
    private const string StartupCommand = "health-startup-cmd";

    // podman-run(1), --health-interval, --health-retries, --health-startup-interval and --health-startup-timeout.
    private const double DefaultSeconds = 30;
    private const int DefaultRetries = 3;
    private const int MostRetries = 1000;
    private const double NanosecondsPerSecond = 1e9;
    private const string Disabled = "disable";

    /// <summary>Options that are about a check, which somebody has to say.</summary>
    private static readonly string[] s_checked =
    [
        "health-interval",
        "health-on-failure",
        "health-retries",
        StartupCommand,
        "sdnotify",
    ];

    /// <summary>What is checked while it runs, where anybody asked for that; or until it is ready. Null for
    /// nothing.</summary>
    /// <param name="request">The container.</param>
    /// <param name="check">Its check; null where it has none.</param>
    /// <exception cref="SysctrException">Usage: it has none, and options are about it.</exception>
    public static PeriodicCheck? Of(RenderRequest request, HealthCheck? check)
    {
        ContainerSettings settings = request.Settings;
        ImageHealthcheck? image = request.Image.Run?.Healthcheck;
        string? interval = settings.One("health-interval");
        if (interval is not (null or Disabled) && Quantity.Duration(interval) == TimeSpan.Zero)
        {
            // To podman no time in between is no timer.
            interval = Disabled;
        }

        StartupCheck? startup = Startup(request);
        bool repeats =
            interval is not (null or Disabled)
            || (
                interval is null
                && settings.One("health-cmd") is { } command
                && HealthCommand.Command(HealthCommand.Parse(command)) is not null
            )
            || (interval is null && OfImage(request))
            || settings.One("health-on-failure") is not (null or "none")
            || settings.One("health-retries") is not null
            || startup is not null;
        bool awaited = settings.One("sdnotify") == "healthy";
        return !repeats && !awaited ? null
            : check is null
                ? throw new SettingFault(
                    s_checked.First(o => settings.One(o) is not null),
                    null,
                    $"the health of {request.ImageName} is to be checked, and it has no health check"
                ).ToException("add --health-cmd COMMAND (HealthCmd=), or leave the other options of health out")
            : new PeriodicCheck(
                check.Command,
                check.Http,
                check.Tcp,
                HostPath.Absolute(request.Image.Run?.WorkingDir ?? "/"),
                settings.One("health-timeout") is { } timeout ? Quantity.Duration(timeout).TotalSeconds : check.Attempt,
                !repeats ? 0 : Seconds(interval, image?.Interval),
                settings.One("health-retries") is { } retries ? (int)Quantity.Whole(retries, 1, MostRetries)
                    : image?.Retries is > 0 and var said ? (int)Math.Min(said, MostRetries)
                    : DefaultRetries,
                settings.One("health-start-period") is { } period ? Quantity.Duration(period).TotalSeconds
                    : image?.StartPeriod is > 0 and var start ? start / NanosecondsPerSecond
                    : 0,
                settings.One("health-on-failure") ?? "none",
                startup
            );
    }

    /// <summary>Whether the image's own check is made again and again without a word of anybody: that of an image like
    /// others, in which who made it counts on what docker and podman do. One that is made for system containers counts
    /// on its unit.</summary>
    private static bool OfImage(RenderRequest request) =>
        request.Exports is { IsOrdinary: true, Health.IsHealthcheck: true }
        && request.Image.Run?.Healthcheck is { Interval: null or >= 0 }
        && !request.MayWriteRoot;

    private static StartupCheck? Startup(RenderRequest request)
    {
        ContainerSettings settings = request.Settings;
        settings.CheckStartup();
        if (
            settings.One(StartupCommand) is not { } text
            || HealthCommand.Command(HealthCommand.Parse(text)) is not { } command
        )
        {
            return null;
        }

        return new StartupCheck(
            command,
            settings.One("health-startup-timeout") is { } timeout
                ? Quantity.Duration(timeout).TotalSeconds
                : DefaultSeconds,
            Seconds(settings.One("health-startup-interval"), image: null),
            Whole("health-startup-retries"),
            Math.Max(1, Whole("health-startup-success"))
        );

        int Whole(string name) => settings.One(name) is { } number ? (int)Quantity.Whole(number, 0, 1000) : 0;
    }

    private static double Seconds(string? interval, long? image) =>
        interval switch
        {
            null => image is > 0 ? image.Value / NanosecondsPerSecond : DefaultSeconds,
            Disabled => 0,
            _ => Quantity.Duration(interval).TotalSeconds,
        };
}
