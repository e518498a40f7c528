// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Render.Request;
using SystemContainers.Settings;

namespace SystemContainers.Render;

/// <summary>
/// The unit of a pod: a network namespace with its addresses and ports, which is there from the start of the first of
/// its containers to the end of the last. It has no process: what podman's infra container holds open a file below /run
/// holds.
/// </summary>
static class PodUnit
{
    /// <summary>The unit's text.</summary>
    public static string Render(RenderRequest request)
    {
        bool isUsers = request.Host.UserIds is not null;
        if (isUsers && request.Settings.Spec.Network.Mode(isUsers) == NetworkMode.Pasta)
        {
            // It enters the namespaces of a payload, and a pod has none.
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading the network of {request.Name}: a user's pod has the host's network, or one by name, which alone can publish ports",
                "write Network=host and no PublishPort=, or Network= with a network by name"
            );
        }

        string up = NetworkCommands.Up(request.ToolPath, request.DestinationDirectory, request.Name);
        string down = NetworkCommands.Down(request.ToolPath, request.Name);
        bool netavark = !isUsers || request.Settings.Spec.Network.Mode(isUsers) == NetworkMode.Bridge;
        string order =
            !isUsers ? "After=" + NetworkRequest.FirewallUnits
            : netavark
                ? $"Requires={NetworkRequest.UsersUnit}\nAfter=basic.target {NetworkRequest.UsersUnit} {NetworkRequest.UplinkUnit}"
            : "After=basic.target";
        return $"""
            # {request.Name}.service, made by sysctr: a network that containers share. An update writes this file anew: change it with
            #     systemctl {(isUsers ? "--user " : "")}edit {request.Name}.service

            [Unit]
            Description={request.Name} (network of a pod)
            {order}

            [Service]
            Type=oneshot
            RemainAfterExit=yes
            ExecStart={(isUsers ? up.TrimStart('+') : up)}
            {(
                netavark ? $"ExecStopPost={(isUsers ? down.TrimStart('+') : down)}\n" : ""
            )}SyslogIdentifier={request.Name}

            [Install]
            WantedBy={(isUsers ? "default.target" : "multi-user.target")}

            """;
    }
}
