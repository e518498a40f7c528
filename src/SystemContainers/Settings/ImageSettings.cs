// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Settings.Health;

namespace SystemContainers.Settings;

/// <summary>What settings change of an image's own words: from there on it is as if the image had said so.</summary>
static class ImageSettings
{
    /// <summary>What stops a systemd that is a container's (systemd(1), SIGNALS).</summary>
    private const string StopsSystemd = "SIGRTMIN+3";

    /// <summary>Whether the container is made for a systemd inside: one was asked for, or the command is one, as podman
    /// recognises it (podman-run(1), --systemd).</summary>
    /// <param name="settings">The same settings.</param>
    public static bool IsSystemd(ImageRunConfig? run, SpecSettings settings)
    {
        string[] words = [.. run?.Entrypoint ?? [], .. run?.Cmd ?? []];
        string program = words is ["/bin/sh", "-c", var line, ..] ? line : words.FirstOrDefault("");
        return settings.Systemd == "always"
            || (
                settings.Systemd == "true"
                && (
                    program is "/sbin/init" or "/usr/sbin/init" or "/usr/local/sbin/init"
                    || program.Split('/')[^1] == "systemd"
                )
            );
    }

    /// <summary>The execution parameters of the container.</summary>
    /// <param name="run">The image's; null where it has none.</param>
    /// <param name="settings">What the user set, <see cref="ContainerSettings.Check"/>ed.</param>
    public static ImageRunConfig? Apply(ImageRunConfig? run, ContainerSettings settings)
    {
        if (settings.IsEmpty)
        {
            return run is not null ? WithSignal(run, settings.Spec) : run;
        }

        ImageRunConfig image = run ?? new ImageRunConfig();
        string? entrypoint = settings.One("entrypoint");
        bool hasCommand = settings.Values.ContainsKey(ContainerSettings.Command);
        Dictionary<string, string> labels = new(
            image.Labels ?? new Dictionary<string, string>(),
            StringComparer.Ordinal
        );
        foreach (string label in settings.All("label"))
        {
            labels[EnvironmentSetting.NameOf(label)] = label[(label.IndexOf('=', StringComparison.Ordinal) + 1)..];
        }

        // A place that the user gives something else is none of the image's volumes any more.
        SpecSettings spec = settings.Spec;
        string[] taken =
        [
            .. spec.Volumes.Where(v => v.Source is not null).Select(v => v.Destination),
            .. spec.Tmpfs.Select(t => t.Destination),
            .. spec.Images.Select(i => i.Destination),
        ];
        Dictionary<string, EmptyObject> volumes = new(StringComparer.Ordinal);
        foreach (
            string path in (spec.ImageVolume == "ignore" ? [] : image.Volumes?.Keys ?? [])
                .Where(p =>
                    !taken.Contains(
                        "/" + string.Join('/', p.Split('/', StringSplitOptions.RemoveEmptyEntries)),
                        StringComparer.Ordinal
                    )
                )
                .Concat(spec.Volumes.Where(v => v.Source is null).Select(v => v.Destination))
        )
        {
            volumes[path] = new EmptyObject();
        }

        return WithSignal(
            image with
            {
                Env = [.. image.Env ?? [], .. settings.All("env")],
                Entrypoint = entrypoint is null ? image.Entrypoint : SettingOptions.Words(entrypoint),
                Cmd =
                    hasCommand ? settings.All(ContainerSettings.Command)
                    : entrypoint is null ? image.Cmd
                    : [],
                User = settings.One("user") ?? image.User,
                WorkingDir = settings.One("workdir") ?? image.WorkingDir,
                StopSignal = settings.One("stop-signal") ?? image.StopSignal,
                Labels = labels,
                Volumes = volumes,
                Healthcheck = Health(image.Healthcheck, settings),
            },
            spec
        );
    }

    private static ImageRunConfig WithSignal(ImageRunConfig run, SpecSettings settings) =>
        string.IsNullOrEmpty(run.StopSignal) && IsSystemd(run, settings) ? run with { StopSignal = StopsSystemd } : run;

    private static ImageHealthcheck? Health(ImageHealthcheck? image, ContainerSettings settings)
    {
        // What the image says of its own check says nothing of another.
        IReadOnlyList<string>? test = settings.One("health-cmd") is { } text ? HealthCommand.Parse(text) : null;
        ImageHealthcheck? check = test is null ? image : new ImageHealthcheck { Test = test, IsChosen = true };
        if (check is null && (settings.One("health-start-period") ?? settings.One("health-timeout")) is not null)
        {
            // Times of a check that a label asks for.
            check = new ImageHealthcheck();
        }

        return check is null
            ? null
            : check with
            {
                StartPeriod = Nanoseconds("health-start-period") ?? check.StartPeriod,
                Timeout = Nanoseconds("health-timeout") ?? check.Timeout,
            };

        long? Nanoseconds(string name) =>
            settings.One(name) is { } time ? (long)Quantity.Duration(time).TotalNanoseconds : null;
    }
}
