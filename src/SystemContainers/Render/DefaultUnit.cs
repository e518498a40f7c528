// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render;

/// <summary>The unit of a container whose image brings none: templates/default/default.service.sbn.</summary>
static class DefaultUnit
{
    private const string Path = "templates/default/default.service.sbn";

    /// <summary>podman: libpod/define, RLimitDefaultValue.</summary>
    private const int MostOfUnsaid = 1 << 20;

    /// <summary>container-libs: common/pkg/config, DefaultPidsLimit.</summary>
    private const int TasksOfUnsaid = 2048;

    private static readonly Lazy<string> s_template = new(ReadTemplate);

    /// <summary>The unit's text.</summary>
    public static string Render(RenderRequest request, TemplateValues values)
    {
        string signal = StopSignal.ForUnit(request.Image.Run?.StopSignal);
        Dictionary<string, string> all = new(values.Texts, StringComparer.Ordinal)
        {
            ["STOP_TIMEOUT"] = request.Settings.One("stop-timeout") switch
            {
                null => "30",
                // Nothing is for ever to systemd.
                "0" => "0.001",
                var seconds => seconds,
            },
            ["KILL_SIGNAL"] = signal,
            // Of a declared unit its file says it, as podman has it: systemd's own default is no.
            ["RESTART"] = request.UnitLines.Count > 0 ? "no" : "on-failure",
            ["SUCCESS_STATUS"] = string.Join(
                ' ',
                [.. StopSignal.ExitStatuses(signal).Select(n => $"{n}"), .. IsClean(signal) ? [] : (string[])[signal]]
            ),
            // Specifiers are expanded in Description= too.
            ["IMAGE_TEXT"] = CommandLine.Value(request.ImageName + ")")[..^1],
            ["DESTDIR_TEXT"] = CommandLine.Value(request.DestinationDirectory),
            ["IMAGE_NAME"] = CommandLine.Comment(values["IMAGE_NAME"]),
            ["USER_ID"] = request.Host.UserIds is null ? "" : $"{request.Host.Uid}",
            ["SERVICE_LINES"] = string.Concat(Limits(request).Concat(request.ServiceLines).Select(line => line + "\n")),
        };
        return ScribanTemplate.Render(Path, s_template.Value, all);
    }

    /// <summary>What podman gives every container that says nothing else (containers.conf(5), default_ulimits and
    /// pids_limit; podman-run(1)), where the configuration is ours: in the unit, where a drop-in sets others.</summary>
    private static IEnumerable<string> Limits(RenderRequest request)
    {
        if (request.Exports.Config is not null)
        {
            yield break;
        }

        foreach (string limit in (string[])["NOFILE", "NPROC"])
        {
            if (!request.Settings.Spec.Ulimits.Any(u => u.Type == "RLIMIT_" + limit))
            {
                yield return $"Limit{limit}={MostOfUnsaid}";
            }
        }

        // One that is said is in the configuration, and so among the other lines.
        if (request.Settings.One("pids-limit") is not { } tasks)
        {
            yield return $"TasksMax={TasksOfUnsaid}";
        }
        else if (tasks is "-1" or "0")
        {
            yield return "TasksMax=infinity";
        }
    }

    /// <summary>Whether ending by it is a success to systemd unasked (systemd.service(5),
    /// SuccessExitStatus=).</summary>
    private static bool IsClean(string signal) => signal is "SIGHUP" or "SIGINT" or "SIGTERM" or "SIGPIPE";

    private static string ReadTemplate()
    {
        using Stream stream = typeof(DefaultUnit).Assembly.GetManifestResourceStream(Path)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
