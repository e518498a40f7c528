// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using SystemContainers.Oci;
using SystemContainers.Templates;

namespace SystemContainers.Exports;

sealed partial record ImageHealth
{
    /// <summary>The member of manifest.json.</summary>
    public const string ManifestMember = "health";

    private const string LabelPrefix = "sysctr.health.";
    private const double NanosecondsPerSecond = 1e9;

    /// <summary>Of one attempt, where HEALTHCHECK does not say it, as docker and podman have it.</summary>
    private const double DockerAttempt = 30;

    private static readonly ImageHealth s_none = new([], null, null, null, null);

    /// <summary>Reads all three sources.</summary>
    /// <param name="manifest"><c>health</c> of manifest.json; null where it has none.</param>
    /// <param name="run">The image's execution parameters; null where there are none.</param>
    /// <exception cref="Errors.SysctrException">Template: a text does not parse as what it is.</exception>
    public static ImageHealth Read(ImageHealth? manifest, ImageRunConfig? run)
    {
        ImageHealth[] sources =
        [
            manifest ?? s_none,
            OfLabels(run?.Labels ?? new Dictionary<string, string>()),
            OfDocker(run?.Healthcheck),
        ];
        ImageHealth check = run?.Healthcheck is { IsChosen: true }
            ? sources[^1]
            : sources.FirstOrDefault(s => s.HasCheck) ?? s_none;
        return check with
        {
            IsHealthcheck = check == sources[^1] && check.HasCheck && run?.Healthcheck is { IsChosen: false },
            Attempt = check.Attempt ?? Seconds(run?.Healthcheck?.Timeout),
            Timeout = sources.Select(s => s.Timeout).FirstOrDefault(t => t is not null),
            Interval = sources.Select(s => s.Interval).FirstOrDefault(t => t is not null),
        };
    }

    /// <summary>The object <c>health</c>: command (a string for the shell, or an array of strings), http, tcp, timeout,
    /// interval.</summary>
    /// <exception cref="Errors.SysctrException">Template: a member has the wrong type.</exception>
    public static ImageHealth OfManifest(string path, JsonElement health)
    {
        if (health.ValueKind != JsonValueKind.Object)
        {
            throw ExportJson.WrongType(path, ManifestMember, "an object", health);
        }

        return new ImageHealth(Words(), Text("http"), Text("tcp"), Text("timeout"), Text("interval"));

        ExportFile? Text(string name) =>
            !health.TryGetProperty(name, out JsonElement value)
                ? null
                : value.ValueKind switch
                {
                    JsonValueKind.String => Template(Place(name), value.GetString()!),
                    JsonValueKind.Number => Template(Place(name), value.GetRawText()),
                    _ => throw ExportJson.WrongType(path, $"{ManifestMember}.{name}", "a string or a number", value),
                };

        ExportFile[] Words() =>
            health.TryGetProperty("command", out JsonElement command) && command.ValueKind == JsonValueKind.Array
                ?
                [
                    .. command
                        .EnumerateArray()
                        .Select(w =>
                            w.ValueKind == JsonValueKind.String
                                ? Template(Place("command"), w.GetString()!)
                                : throw ExportJson.WrongType(
                                    path,
                                    $"{ManifestMember}.command",
                                    "a string or an array of strings",
                                    w
                                )
                        ),
                ]
            : Text("command") is { } line ? Shell(line)
            : [];

        string Place(string name) => $"{path} ({ManifestMember}.{name})";
    }

    private static ImageHealth OfLabels(IReadOnlyDictionary<string, string> labels)
    {
        return new ImageHealth(Words(), Text("http"), Text("tcp"), Text("timeout"), Text("interval"));

        ExportFile? Text(string name) =>
            labels.TryGetValue(LabelPrefix + name, out string? text) && text.Length > 0
                ? Template($"label {LabelPrefix}{name}", text)
                : null;

        // As in a Dockerfile: a JSON array is program and arguments, anything else is for the shell.
        ExportFile[] Words() =>
            Text("command") is not { } line ? []
            : JsonWords.Of(line.Text) is { } words ? [.. words.Select(w => Template(line.Path, w))]
            : Shell(line);
    }

    /// <summary>Docker's fields: their variables are the shell's, so nothing is put in.</summary>
    private static ImageHealth OfDocker(ImageHealthcheck? healthcheck)
    {
        const string place = "HEALTHCHECK";
        ExportFile[] words =
        [
            .. (healthcheck?.Test ?? []).Select(t => new ExportFile(place, TemplateKind.Plain, t, [])),
        ];
        IReadOnlyList<ExportFile> command = words switch
        {
            [{ Text: "CMD" }, _, ..] => words[1..],
            [{ Text: "CMD-SHELL" }, var line, .. var rest] => Shell(
                line with
                {
                    Text = string.Join(' ', rest.Select(r => r.Text).Prepend(line.Text)),
                }
            ),
            _ => [],
        };
        return s_none with
        {
            Command = command,
            Timeout = Seconds(healthcheck?.StartPeriod) is { } start
                ? new ExportFile(
                    place,
                    TemplateKind.Plain,
                    Math.Min(start + new HealthCheck().Timeout, MaxSeconds).ToString(CultureInfo.InvariantCulture),
                    []
                )
                : null,
            Attempt = Seconds(healthcheck?.Timeout) ?? DockerAttempt,
        };
    }

    private static double? Seconds(long? nanoseconds) => nanoseconds is > 0 ? nanoseconds / NanosecondsPerSecond : null;

    private static ExportFile Template(string place, string text) =>
        TemplateText.Read(place, TemplateKind.Legacy, text);

    private static ExportFile[] Shell(ExportFile line) =>
        [
            line with
            {
                Kind = TemplateKind.Plain,
                Text = "/bin/sh",
                Variables = [],
            },
            line with
            {
                Kind = TemplateKind.Plain,
                Text = "-c",
                Variables = [],
            },
            line,
        ];
}
