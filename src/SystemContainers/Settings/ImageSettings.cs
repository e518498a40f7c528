// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Settings;

/// <summary>What settings change of an image's own words: from there on it is as if the image had said so.</summary>
static class ImageSettings
{
    /// <summary>The execution parameters of the container.</summary>
    /// <param name="run">The image's; null where it has none.</param>
    /// <param name="settings">What the user set, <see cref="ContainerSettings.Check"/>ed.</param>
    public static ImageRunConfig? Apply(ImageRunConfig? run, ContainerSettings settings)
    {
        if (settings.IsEmpty)
        {
            return run;
        }

        ImageRunConfig image = run ?? new ImageRunConfig();
        string? entrypoint = settings.One("entrypoint");
        bool hasCommand = settings.Values.ContainsKey(ContainerSettings.Command);
        Dictionary<string, string> labels = new(image.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (string label in settings.All("label"))
        {
            labels[EnvironmentSetting.NameOf(label)] = label[(label.IndexOf('=', StringComparison.Ordinal) + 1)..];
        }

        // A place that the user gives something else is none of the image's volumes any more.
        SpecSettings spec = settings.Spec;
        string[] taken = [.. spec.Volumes.Where(v => v.Source is not null).Select(v => v.Destination), .. spec.Tmpfs.Select(t => t.Destination)];
        Dictionary<string, EmptyObject> volumes = new(StringComparer.Ordinal);
        foreach (string path in (image.Volumes?.Keys ?? []).Where(p => !taken.Contains("/" + string.Join('/', p.Split('/', StringSplitOptions.RemoveEmptyEntries)), StringComparer.Ordinal))
            .Concat(spec.Volumes.Where(v => v.Source is null).Select(v => v.Destination)))
        {
            volumes[path] = new EmptyObject();
        }

        return image with
        {
            Env = [.. image.Env ?? [], .. settings.All("env")],
            Entrypoint = entrypoint is null ? image.Entrypoint : SettingOptions.Words(entrypoint),
            Cmd = hasCommand ? settings.All(ContainerSettings.Command) : entrypoint is null ? image.Cmd : [],
            User = settings.One("user") ?? image.User,
            WorkingDir = settings.One("workdir") ?? image.WorkingDir,
            StopSignal = settings.One("stop-signal") ?? image.StopSignal,
            Labels = labels,
            Volumes = volumes,
            Healthcheck = Health(image.Healthcheck, settings),
        };
    }

    private static ImageHealthcheck? Health(ImageHealthcheck? image, ContainerSettings settings)
    {
        ImageHealthcheck? check = settings.One("health-cmd") switch
        {
            null => image,
            "none" => null,
            var line and ['[', ..] => new ImageHealthcheck { Test = ["CMD", .. SettingOptions.Words(line)] },
            var line => new ImageHealthcheck { Test = ["CMD-SHELL", line] },
        };
        return check is null ? null : check with
        {
            StartPeriod = Nanoseconds("health-start-period") ?? check.StartPeriod,
            Timeout = Nanoseconds("health-timeout") ?? check.Timeout,
        };

        long? Nanoseconds(string name) => settings.One(name) is { } text ? (long)Quantity.Duration(text).TotalNanoseconds : null;
    }
}
