// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using SystemContainers.Render;
using SystemContainers.Settings;
using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>What a container's unit needs for its network.</summary>
/// <param name="tool">Absolute path of sysctr on the host.</param>
/// <param name="bundle">DESTDIR.</param>
/// <param name="name">The container.</param>
/// <param name="instantiated">Its unit is made anew for each instance.</param>
/// <param name="request">What it wants; null for nothing.</param>
sealed class NetworkUnit(
    string tool,
    string bundle,
    string name,
    bool instantiated,
    NetworkRequest? request,
    bool isUsers
)
{
    public static IEnumerable<string> OrderLines(NetworkRequest? request, bool isUsers) =>
        request switch
        {
            { NeedsNetavark: true } when isUsers => UsersLines,
            { NeedsNetavark: true } => ["After=" + NetworkRequest.FirewallUnits],
            { Mode: NetworkMode.Container } => [$"BindsTo={request.OwnerUnit}", $"After={request.OwnerUnit}"],
            _ => [],
        };

    /// <summary>Lines for [Unit] of a user's: where its networks are, which is there for it and goes with the last; and
    /// what leads outside, as far as there is an outside.</summary>
    public static IReadOnlyList<string> UsersLines { get; } =
    ["Requires=" + NetworkRequest.UsersUnit, $"After={NetworkRequest.UsersUnit} {NetworkRequest.UplinkUnit}"];

    /// <summary>Lines for [Service] of the system's that make it before all else, free of the unit's sandbox.</summary>
    public IEnumerable<string> StartPreLines(UnitText unit) =>
        request?.NeedsNetavark != true || isUsers
            ? []
            :
            [
                "ExecStartPre=",
                $"ExecStartPre={StartPre}",
                .. unit.All("Service", "ExecStartPre").Select(c => $"ExecStartPre={c}"),
            ];

    /// <summary>The command that makes it.</summary>
    private string StartPre => Own(NetworkCommands.Up(tool, bundle, name, instantiated));

    /// <summary>The same of a user's; null for none.</summary>
    public string? UsersStartPre => isUsers && request?.NeedsNetavark == true ? StartPre : null;

    /// <summary>The command that takes it away; null for none.</summary>
    public string? StopPost =>
        request?.NeedsNetavark == true ? Own(NetworkCommands.Down(tool, name, instantiated)) : null;

    /// <summary>The same as properties of a service that is there for one run.</summary>
    public IEnumerable<string> TransientStart =>
        request?.NeedsNetavark == true
            ?
            [
                .. isUsers ? UsersLines : [],
                "ExecStartPre="
                    + Own("+" + CommandLine.Transient(tool, "launch", "network-up", $"--bundle={bundle}", name)),
            ]
            : [];

    /// <summary>The same.</summary>
    public IEnumerable<string> TransientStop =>
        request?.NeedsNetavark == true
            ? ["ExecStopPost=" + Own("+" + CommandLine.Transient(tool, "launch", "network-down", name))]
            : [];

    /// <summary>A user's manager has no more rights to give.</summary>
    private string Own(string command) => isUsers ? command.TrimStart('+') : command;
}
