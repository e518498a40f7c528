// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.HostFiles;
using SystemContainers.Render.Spec;
using SystemContainers.Runtime;
using SystemContainers.Runtime.Launch;
using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>What rendered units and config.json lack, because their author did not know this host or this
/// runtime.</summary>
sealed partial record UnitPlan
{
    internal const string DropIn = "10-sysctr.conf";

    /// <summary>Gives the container the drop-ins that its units need, and config.json what has to stand in
    /// it.</summary>
    /// <param name="rendered">As Render made it.</param>
    /// <param name="files">The image, for the mount points that the new config.json needs.</param>
    /// <param name="host">Capabilities, and what stands where.</param>
    /// <param name="listenHelper">Absolute path of sysctr-listen on the host.</param>
    /// <param name="rootfs">Absolute path of the checkout as the host sees it; null where the root is somebody
    /// else's.</param>
    /// <param name="mounts">Keeps the container out of what is sysctr's own; null where nothing is installed.</param>
    /// <exception cref="SysctrException">
    /// Host: config.json wants a capability that this host can't give, or a user that the caller has no id for; Unsafe:
    /// a mount is refused.
    /// </exception>
    public RenderedContainer Adapt(
        RenderedContainer rendered,
        IImageFiles files,
        HostFacts host,
        string listenHelper,
        string? rootfs,
        MountGuard? mounts = null
    )
    {
        if (rendered.Config is not { } config)
        {
            return rendered;
        }

        string[] lacking = [.. config.Capabilities.Except(host.Capabilities, StringComparer.Ordinal)];
        if (lacking.Length > 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"checking config.json: it wants {string.Join(", ", lacking)}, which this host's capability bounding set lacks",
                "use $ALL_PROCESS_CAPABILITIES in the template, or leave it out"
            );
        }

        JsonObject document = config.Copy();
        bool started = rendered.Units.Any(u => RunsContainer(UnitText.Parse(u.Text)));
        string[] managerSocket = User is null && started ? [.. BundleConfig.DropManagerSocket(document)] : [];
        AdaptConfig(document, config, listenHelper, started);
        NetworkRequest? network = NetworkRequest.Find(document);
        UnitLimits? limits = started ? UnitLimits.Of(document, Runtime.Kind, User is null) : null;
        string[] unlabelled =
        [
            .. limits?.Check(host.Controllers) ?? [],
            .. managerSocket,
            .. BundleConfig.AddMountNamespace(document),
            .. BundleConfig.DropLabels(document, host),
            .. BundleConfig.LowerLimits(document, host),
        ];
        if (User is not null)
        {
            RootlessConfig.CheckUser(document, IdMappings.Find(document) ?? User.Ids, User.Name);
        }

        IReadOnlyList<string> lost = User is null ? [] : RootlessConfig.Adapt(document, User.Ids, Runtime.Kind);
        mounts?.Protect(document);
        bool shares = BundleConfig.SharesMounts(document);
        string? mounted = shares && User is null ? rootfs : null;
        config = RuntimeConfigFile.Read("config.json", Encoding.UTF8.GetString(RuntimeConfigFile.Write(document)));
        return rendered with
        {
            Config = config,
            Warnings =
            [
                .. rendered.Warnings,
                .. unlabelled,
                .. lost,
                // A user's manager gets them without: UserUnit.
                .. User is null
                    ? rendered
                        .Units.Where(u => u.FileName.EndsWith(".service", StringComparison.Ordinal))
                        .SelectMany(u => Unfit(u.FileName, UnitText.Parse(u.Text)))
                    : [],
                .. shares && User is not null
                    ?
                    [
                        "config.json shares mounts with the host, which a user's container can't: what it mounts is seen by itself alone",
                    ]
                    : Array.Empty<string>(),
            ],
            Mounts = MountPoints.Missing(
                config,
                files,
                HostKinds.After(host.IsDirectory, rendered.HostFiles, rendered.Tmpfiles, rendered.GeneratedDirectories)
            ),
            Units =
            [
                .. rendered.Units,
                .. rendered
                    .Units.Where(u => !u.FileName.EndsWith(".conf", StringComparison.Ordinal))
                    .Select(unit =>
                        DropInFor(
                            unit,
                            limits,
                            mounted,
                            rendered.Tmpfiles is not null,
                            OwnedSources.Any(document),
                            network
                        )
                    )
                    .OfType<RenderedUnit>(),
            ],
        };
    }

    /// <summary>What a template's service asks for in which no OCI runtime works.</summary>
    private IEnumerable<string> Unfit(string name, UnitText text) =>
        RunsContainer(text)
            ? SandboxSettings.In(text).Select(s => $"{name}: {s.Setting} keeps the container from running: {s.Reason}")
            : [];

    /// <summary>The lines that a template's own service lacks; null where it has all.</summary>
    /// <param name="unit">A unit of the container.</param>
    /// <param name="limits">What config.json limits; null where no unit of ours starts the container.</param>
    /// <param name="mounted">The root, where it has to be a mount of its own; else null.</param>
    /// <param name="tmpfiles">Whether the container has tmpfiles.</param>
    /// <param name="owns">Whether a start of a user's container gives volumes to the payload's user.</param>
    /// <param name="network">What it wants of the network; null for nothing.</param>
    private RenderedUnit? DropInFor(
        RenderedUnit unit,
        UnitLimits? limits,
        string? mounted,
        bool tmpfiles,
        bool owns,
        NetworkRequest? network
    )
    {
        UnitText text = UnitText.Parse(unit.Text);
        string[] order =
        [
            .. EarlyUnit
                .OrderLines(text)
                .Union(User is null ? [] : UserUnit.OrderLines(unit.FileName), StringComparer.Ordinal),
            .. RunsContainer(text) ? NetworkUnit.OrderLines(network, User is not null) : [],
        ];
        IReadOnlyList<string> install = User is null ? [] : UserUnit.InstallLines(text);
        List<string> service =
        [
            .. unit.FileName.EndsWith(".service", StringComparison.Ordinal)
                ? ServiceLinesFor(text, limits, mounted, tmpfiles, owns, network)
                : [],
        ];
        if (order.Length + service.Count + install.Count == 0)
        {
            return null;
        }

        string[] sections =
        [
            .. order.Length > 0 ? ["[Unit]", .. order] : Array.Empty<string>(),
            .. service.Count > 0 ? ["[Service]", .. service] : Array.Empty<string>(),
            .. install.Count > 0 ? ["[Install]", .. install] : Array.Empty<string>(),
        ];
        return new RenderedUnit(
            $"{unit.FileName}.d/{DropIn}",
            $"""
            # Made by sysctr: what {unit.FileName} needs to be a system container on this host. An update writes it anew.
            {string.Join('\n', sections)}

            """,
            Source: null
        );
    }

    private List<string> ServiceLinesFor(
        UnitText text,
        UnitLimits? limits,
        string? mounted,
        bool tmpfiles,
        bool owns,
        NetworkRequest? network
    )
    {
        if (!RunsContainer(text))
        {
            // A service of the image that does not run the container, or in a way that only its author knows.
            return [.. PrivateDirectories.Lines(text)];
        }

        NetworkUnit net = new(Tool, Bundle, Name, Instantiated, network, User is not null);
        List<string> lines =
        [
            .. WrittenStartLines(text),
            .. MainProcessLines(text),
            .. PrivateDirectories.Lines(text),
            .. net.StartPreLines(text),
        ];
        lines.AddRange(
            DelegateLines.Where(line =>
                text.Find("Service", line[..line.IndexOf('=', StringComparison.Ordinal)]) is null
            )
        );
        if (text.Find("Service", "SyslogIdentifier") is null)
        {
            // Or the journal would name the runtime as the one who speaks.
            lines.Add($"SyslogIdentifier={Name}");
        }

        string[] stops = [.. text.All("Service", "ExecStop")];
        string[] adapted = [.. stops.Select(AdaptStop)];
        if (!adapted.SequenceEqual(stops, StringComparer.Ordinal))
        {
            lines.Add("ExecStop=");
            lines.AddRange(adapted.Select(stop => $"ExecStop={stop}"));
        }

        if (mounted is not null)
        {
            // Runtimes cut the mount that holds the root off from the host's (pivot_root(2) wants it): were it the
            // host's own root file system, as for a plain directory, nothing that the payload mounts on it would ever
            // be seen outside.
            lines.Add($"ExecStartPre={CommandLine.Of("mount", "--bind", "--make-private", mounted, mounted)}");
        }

        lines.AddRange(StopPostLines([.. text.All("Service", "ExecStopPost")], mounted, net.StopPost));
        lines.AddRange(limits?.Lines(text) ?? []);
        if (User is not null)
        {
            lines.AddRange(UserUnit.ServiceLines(text));
            lines.AddRange(
                UserUnit.StartPreLines(
                    text,
                    Tool,
                    tmpfiles ? UserUnit.TmpfilesPath(User, Name) : null,
                    owns ? [OwnedSources.Verb, $"--bundle={Bundle}", Name] : null,
                    net.UsersStartPre
                )
            );
        }

        return lines;
    }

    /// <summary>
    /// What comes after a stop: first what takes the container away. systemd leaves out all that follows a command that
    /// failed, and with the container still there no start would succeed again.
    /// </summary>
    /// <param name="own">The template's commands.</param>
    /// <param name="mounted">As above.</param>
    /// <param name="network">What takes its network away; null where it has none of ours.</param>
    private IEnumerable<string> StopPostLines(string[] own, string? mounted, string? network)
    {
        // One that the author wrote out would find nothing any more.
        string[] kept =
        [
            .. own.Where(c =>
                RuntimeCall.Find(c, Name)?.Verb != "delete" || c.EndsWith(Commands.StopPost, StringComparison.Ordinal)
            ),
        ];
        string[] delete =
        [
            kept.FirstOrDefault(c => c.EndsWith(Commands.StopPost, StringComparison.Ordinal)) ?? Commands.StopPost,
        ];
        string[] wanted =
        [
            .. delete,
            .. network is null ? (string[])[] : [network],
            .. mounted is null ? (string[])[] : ["-" + CommandLine.Of("umount", mounted)],
            .. kept.Except(delete, StringComparer.Ordinal),
        ];
        return own.Length == 0 ? wanted.Select(c => "ExecStopPost=" + c)
            : own.SequenceEqual(wanted, StringComparer.Ordinal) ? []
            : wanted.Select(c => "ExecStopPost=" + c).Prepend("ExecStopPost=");
    }

    /// <summary>Whether a unit starts the container: by EXEC_START, alone or in a command around it, or by words of its
    /// author's that we know.</summary>
    private bool RunsContainer(UnitText text) =>
        text.All("Service", "ExecStart")
            .Any(c => c.Contains(Commands.Start, StringComparison.Ordinal) || IsWrittenStart(c));

    private bool IsWrittenStart(string command) =>
        !Instantiated
        && RuntimeCall.Find(command, Name)?.Verb == "run"
        && !command.Contains(Commands.Start, StringComparison.Ordinal);

    private IEnumerable<string> WrittenStartLines(UnitText text)
    {
        IReadOnlyList<string> starts = text.All("Service", "ExecStart");
        return starts.Any(IsWrittenStart)
            ? starts.Select(c => "ExecStart=" + (IsWrittenStart(c) ? Commands.Start : c)).Prepend("ExecStart=")
            : [];
    }

    /// <summary>systemd calls it after a payload that ended by itself too, where there is nobody to kill: no
    /// failure.</summary>
    private string AdaptStop(string stop)
    {
        if (Commands.Stop.Length > 0 && stop.Contains(Commands.Stop, StringComparison.Ordinal))
        {
            return stop.StartsWith('-') ? stop : "-" + stop;
        }

        return !Instantiated && RuntimeCall.Find(stop, Name) is { Verb: "kill" } call
            ? "-"
                + CommandLine.Of([
                    .. Runtime.Command,
                    "kill",
                    Name,
                    .. call.Signal is null ? (string[])[] : [call.Signal],
                ])
            : stop;
    }

    /// <summary>How systemd learns which process is the payload; the runtime leaves when it runs.</summary>
    private IEnumerable<string> MainProcessLines(UnitText text)
    {
        string type = text.Find("Service", "Type") ?? "simple";
        if (type == "oneshot")
        {
            yield break;
        }

        // Type=dbus has its own way to tell when it is ready; which process is the payload it has to be told too.
        if (!IsNotify(type) && type != "dbus")
        {
            yield return "Type=notify";
        }

        if (text.Find("Service", "NotifyAccess") is not "all")
        {
            yield return "NotifyAccess=all";
        }

        if (text.Find("Service", "PIDFile") is not null)
        {
            // systemd has been told, and need not read it from a file; least of all from one that nobody writes, for
            // the payload does not know where it stands on the host.
            yield return "PIDFile=";
        }
    }

    private void AdaptConfig(JsonObject document, RuntimeConfigFile config, string listenHelper, bool started)
    {
        JsonObject process = document["process"]!.AsObject();
        PreOneZeroSpec.Translate(document);

        // There is no terminal, and detached runtimes refuse one without a console socket.
        process["terminal"] = false;
        JsonObject linux = document["linux"] as JsonObject ?? [];
        document["linux"] = linux;
        BundleConfig.DropEmptyFilter(linux);
        if (!started)
        {
            // Whatever starts it, it is not us: cgroup, sockets and readiness are as the author meant them.
            return;
        }

        // The launcher knows the unit's cgroup when it starts the container there.
        linux.Remove("cgroupsPath");
        if (Notifies)
        {
            if (User is not null)
            {
                BundleConfig.BindUserNotifySocket(document, config, User);
            }
            else
            {
                BundleConfig.BindNotifySocket(document, config, Name);
            }
        }

        if ((HasSockets || Notifies || Instantiated) && !BundleConfig.HasOwnPidNamespace(linux))
        {
            BundleConfig.Prefix(document, listenHelper);
        }
    }
}
