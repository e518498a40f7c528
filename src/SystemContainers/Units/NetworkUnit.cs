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
sealed class NetworkUnit(string tool, string bundle, string name, bool instantiated, NetworkRequest? request)
{
    /// <summary>Lines for [Unit].</summary>
    public static IEnumerable<string> OrderLines(NetworkRequest? request) =>
        request switch
        {
            { NeedsNetavark: true } => ["After=" + NetworkRequest.FirewallUnits],
            { Mode: NetworkMode.Container } => [$"BindsTo={request.OwnerUnit}", $"After={request.OwnerUnit}"],
            _ => [],
        };

    /// <summary>Lines for [Service] that make it before all else, free of the unit's sandbox.</summary>
    public IEnumerable<string> StartPreLines(UnitText unit) =>
        request?.NeedsNetavark != true
            ? []
            :
            [
                "ExecStartPre=",
                $"ExecStartPre={StartPre}",
                .. unit.All("Service", "ExecStartPre").Select(c => $"ExecStartPre={c}"),
            ];

    /// <summary>The command that makes it.</summary>
    public string StartPre => NetworkCommands.Up(tool, bundle, name, instantiated);

    /// <summary>The command that takes it away; null for none.</summary>
    public string? StopPost => request?.NeedsNetavark == true ? NetworkCommands.Down(tool, name, instantiated) : null;

    /// <summary>The same as properties of a service that is there for one run.</summary>
    public IEnumerable<string> TransientStart =>
        request?.NeedsNetavark == true
            ? ["ExecStartPre=+" + CommandLine.Transient(tool, "launch", "network-up", $"--bundle={bundle}", name)]
            : [];

    /// <summary>The same.</summary>
    public IEnumerable<string> TransientStop =>
        request?.NeedsNetavark == true
            ? ["ExecStopPost=+" + CommandLine.Transient(tool, "launch", "network-down", name)]
            : [];
}
