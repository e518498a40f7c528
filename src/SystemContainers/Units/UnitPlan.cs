// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Exports;
using SystemContainers.Linux.Users;
using SystemContainers.Render;
using SystemContainers.Runtime;
using SystemContainers.Settings;
using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>
/// How a container's units start, stop and clean up after the payload: the command lines that templates get as
/// EXEC_START and its siblings, and the lines that a unit needs so that the payload is its main process, inside its
/// cgroup, with nobody between.
/// </summary>
/// <remarks>README.md beside this file says why each line is as it is, and on what versions it was seen.</remarks>
sealed partial record UnitPlan
{
    /// <summary>The first systemd that keeps the runtime itself out of the inner node of a delegated cgroup
    /// (DelegateSubgroup=).</summary>
    private const int DelegateSubgroupVersion = 254;

    private const string ComposefsOption = "--composefs=";

    private static readonly string s_unknownDigest = new('0', 64);

    public required OciRuntime Runtime { get; init; }

    /// <summary>Whose systemd runs it; null for the system's.</summary>
    public HostUser? User { get; init; }

    /// <summary>Absolute path of sysctr on the host.</summary>
    public string Tool { get; init; } = "";

    /// <summary>DESTDIR.</summary>
    public string Bundle { get; init; } = "";

    /// <summary>The container's name, which is the runtime's too but for instances.</summary>
    public required string Name { get; init; }

    public required int SystemdVersion { get; init; }

    /// <summary>Where the runtime writes the payload's process id.</summary>
    public required string PidFile { get; init; }

    /// <summary>EXEC_START and its siblings.</summary>
    public required UnitCommandLines Commands { get; init; }

    /// <summary>The service is made anew for each connection or instance, <c>NAME@.service</c>.</summary>
    public required bool Instantiated { get; init; }

    /// <summary>The tree is mounted by the start, from an image whose digest the units get when it is known
    /// (<see cref="WithDigest"/>).</summary>
    public bool Composefs { get; init; }

    /// <summary>The payload gets sockets from systemd.</summary>
    public required bool HasSockets { get; init; }

    /// <summary>The payload speaks to systemd itself: readiness, status, watchdog.</summary>
    public required bool Notifies { get; init; }

    /// <summary>The payload says itself when it is ready: Type=notify.</summary>
    public required bool SaysReady { get; init; }

    /// <summary>The runtime stays until the payload has ended: Type=oneshot.</summary>
    public required bool Foreground { get; init; }

    /// <summary>Lines for [Service] of the default unit: how systemd learns which process is the payload, and whose its
    /// cgroup is.</summary>
    public IReadOnlyList<string> ServiceLines =>
        [
            "Type=notify",
            "NotifyAccess=all",
            .. DelegateLines,
            .. AwaitsHealth
                ?
                [
                    $"ExecStartPost={CommandLine.Of(Tool, "launch", "await", $"--runtime={Runtime.Path}", $"--bundle={StartDirectory}", Name + ".service")}",
                ]
                : (string[])[],
        ];

    /// <summary>The unit is ready when the health check holds, and not before.</summary>
    public bool AwaitsHealth { get; init; }

    /// <summary>What the launcher has of one start.</summary>
    private string StartDirectory => Path.Join(User?.RuntimeDirectory ?? "/run", "sysctr", Name);

    /// <summary>Lines for [Service] of the default unit: what a config.json limits.</summary>
    /// <exception cref="Errors.SysctrException">Template, Host: as <see cref="UnitLimits.Of"/>.</exception>
    public IEnumerable<string> LimitLines(RuntimeConfigFile config) => LimitLines(config.Copy(), Runtime, User);

    /// <summary>Properties of a service that is there for one run: what a config.json limits.</summary>
    /// <param name="document">A copy of the document, which is changed.</param>
    /// <param name="runtime">What carries it out.</param>
    /// <param name="user">Whose systemd; null for the system's.</param>
    /// <exception cref="Errors.SysctrException">Template, Host: as <see cref="UnitLimits.Of"/>.</exception>
    public static IEnumerable<string> LimitLines(JsonObject document, OciRuntime runtime, HostUser? user)
    {
        PreOneZeroSpec.Translate(document);

        // Nothing stands before them that they would have to empty.
        return UnitLimits.Of(document, runtime.Kind, user is null).Lines(own: null).Where(line => !line.EndsWith('='));
    }

    private IReadOnlyList<string> DelegateLines =>
        Runtime.Kind == RuntimeKind.Crun ? []
        : SystemdVersion >= DelegateSubgroupVersion ? ["Delegate=yes", "DelegateSubgroup=supervisor"]
        : ["Delegate=yes"];

    /// <summary>Makes the plan, from the image's templates as they are before rendering.</summary>
    /// <param name="runtime">What runs it.</param>
    /// <param name="name">The container.</param>
    /// <param name="bundle">DESTDIR.</param>
    /// <param name="pidFile">PIDFILE.</param>
    /// <param name="tool">Absolute path of sysctr on the host.</param>
    /// <param name="exports">The image's templates.</param>
    /// <param name="systemdVersion">Such as 252.</param>
    /// <param name="user">Whose systemd; null for the system's.</param>
    /// <param name="declared">Lines that a file declares for the main unit.</param>
    /// <param name="settings">What the user set of a unit that is ours.</param>
    /// <param name="composefs">Whether the tree is mounted, and not on disk.</param>
    public static UnitPlan For(
        OciRuntime runtime,
        string name,
        string bundle,
        string pidFile,
        string tool,
        ImageExports exports,
        int systemdVersion,
        HostUser? user = null,
        IReadOnlyList<UnitLine>? declared = null,
        ContainerSettings? settings = null,
        bool composefs = false
    )
    {
        // In a unit of ours they say what kind of payload it is; an image's own unit knows.
        UnitLine[] own = exports.NeedsDefaultUnit ? [.. declared ?? []] : [];
        string? notify = settings?.One("sdnotify");
        bool saysReady =
            notify == "container" || own.Any(l => l is { Section: DeclaredUnit.Ours, Key: DeclaredUnit.Notify });
        string? type = own.LastOrDefault(l => l is { Section: "Service", Key: "Type" })?.Value;

        // Templates, but types and watchdogs are plain lines in them.
        UnitText[] services =
        [
            .. exports
                .Units.Where(u => u.NameSuffix.EndsWith(".service", StringComparison.Ordinal))
                .Select(u => UnitText.Parse(u.File.Text)),
        ];
        UnitPlan plan = new()
        {
            Runtime = runtime,
            User = user,
            Tool = tool,
            Bundle = bundle,
            Name = name,
            SystemdVersion = systemdVersion,
            PidFile = pidFile,
            Commands = new UnitCommandLines(""),
            Composefs = composefs,
            Instantiated = exports.Units.Any(u => u.NameSuffix == "@.service"),
            HasSockets = exports.Units.Any(u => u.NameSuffix.EndsWith(".socket", StringComparison.Ordinal)),
            Notifies =
                saysReady
                || own.Any(l => l is { Section: "Service", Key: "WatchdogSec" })
                || services.Any(s =>
                    IsNotify(s.Find("Service", "Type")) || s.Find("Service", "WatchdogSec") is not null
                ),
            SaysReady = saysReady || services.Any(s => IsNotify(s.Find("Service", "Type"))),
            AwaitsHealth = notify == "healthy",
            Foreground =
                type == "oneshot" || services.Length > 0 && services.All(s => s.Find("Service", "Type") == "oneshot"),
        };
        return plan with { Commands = plan.MakeCommands(bundle, tool, exports.NeedsDefaultUnit) };
    }

    /// <summary>The commands of a container that is run once: the runtime stays, and gives the payload's exit
    /// status.</summary>
    /// <param name="runtime">Absolute path.</param>
    /// <param name="name">The container.</param>
    /// <param name="bundle">DESTDIR.</param>
    /// <param name="pidFile">PIDFILE.</param>
    /// <param name="tool">Absolute path of sysctr.</param>
    /// <param name="composefs">The digest of the tree's image, in hexadecimal; null where the tree is on disk.</param>
    /// <param name="changes">Where what it writes to its root goes; null where it writes nothing.</param>
    public static (IReadOnlyList<string> Start, IReadOnlyList<string> StopPost) ForegroundCommands(
        string runtime,
        string name,
        string bundle,
        string pidFile,
        string tool,
        string? composefs = null,
        string? changes = null
    ) =>
        (
            [
                tool,
                "launch",
                "start",
                $"--runtime={runtime}",
                $"--pid-file={pidFile}",
                $"--bundle={bundle}",
                .. composefs is null ? (string[])[] : [ComposefsOption + composefs],
                .. changes is null ? (string[])[] : [$"--changes={changes}"],
                "--foreground",
                name,
            ],
            [tool, "launch", "delete", $"--runtime={runtime}", name]
        );

    /// <summary>
    /// A container with the digest of its tree's image in the place that was kept for it. The tree has mount points
    /// that only the rendered config.json tells, so it is known last.
    /// </summary>
    public static RenderedContainer WithDigest(RenderedContainer rendered, string digest)
    {
        return rendered with
        {
            Units = [.. rendered.Units.Select(u => u with { Text = Known(u.Text) })],
            Values = rendered.Values.ToDictionary(v => v.Key, v => Known(v.Value), StringComparer.Ordinal),
        };

        string Known(string text) =>
            text.Replace(ComposefsOption + s_unknownDigest, ComposefsOption + digest, StringComparison.Ordinal);
    }

    /// <summary>Whether a unit starts the container in the way that mounts its tree; asked before its digest is
    /// known.</summary>
    public static bool MountsTree(string unit) =>
        unit.Contains(ComposefsOption + s_unknownDigest, StringComparison.Ordinal);

    private static bool IsNotify(string? type) => type is "notify" or "notify-reload";

    private UnitCommandLines MakeCommands(string bundle, string tool, bool defaultUnit)
    {
        string instance = Instantiated ? " --instance=%i" : "";
        string flag =
            (
                Foreground ? " --foreground"
                : SaysReady ? ""
                : " --ready"
            ) + (Notifies && User is null && !Foreground ? " --notify" : "");
        string launch = CommandLine.Of(tool, "launch");
        string common = CommandLine.Word($"--runtime={Runtime.Path}") + instance;
        string tree = Composefs ? " " + ComposefsOption + s_unknownDigest : "";
        return new UnitCommandLines(
            $"{launch} start {common} {PidFileOption} {CommandLine.Word($"--bundle={bundle}")}{tree}{flag} {Name}",
            // In our own unit KillSignal= does it, once; a command would make it twice.
            Stop: defaultUnit ? "" : $"{launch} kill {common} {Name}",
            StopPost: $"{launch} delete {common} {PidFileOption} {Name}"
        );
    }

    /// <summary>PIDFILE, or a file of its own for each instance.</summary>
    private string PidFileOption =>
        Instantiated
            ? CommandLine.Word(
                "--pid-file=" + Path.Join(Path.GetDirectoryName(PidFile), $"container-{Name}@"),
                "%i.pid"
            )
            : CommandLine.Word("--pid-file=" + PidFile);
}
