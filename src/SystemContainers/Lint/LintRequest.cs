// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Units;

namespace SystemContainers.Lint;

/// <summary>
/// An installation that is only thought of. It is the same on every machine, so that a check does not depend on where
/// it is run: a host with every capability, runc, and a systemd that knows all that we use.
/// </summary>
static class LintRequest
{
    private const int SystemdVersion = 254;

    private static readonly OciRuntime s_runtime = new("/usr/bin/runc", RuntimeKind.Runc);

    private static readonly HostFacts s_host = new()
    {
        Capabilities = Capabilities.FromMask(ulong.MaxValue),
        Kernel = new Version(6, 1),
        Architecture = Platform.Current.Architecture,
        IsDirectory = path =>
            path is "/etc/hosts" or "/etc/resolv.conf" ? false
            : path is "/" or "/etc" or "/run" or "/sys" or "/proc" or "/dev" or "/var" or "/var/lib" or "/usr" ? true
            : null,
    };

    /// <summary>The request that an installation with these values would make.</summary>
    public static RenderRequest Of(LintTarget target, ImageExports exports, IReadOnlyDictionary<string, string> set)
    {
        RenderRequest request = new()
        {
            Name = target.Name,
            DestinationDirectory = new DeploymentDirectory(
                HostTarget.SystemStore,
                HostTarget.SystemStore,
                target.Name,
                0
            ).OnHost,
            ImageName = target.Reference,
            ImageId = Digest.Sha256("lint"u8),
            Image = target.Image,
            Files = target.Files,
            Exports = exports,
            RuntimePath = s_runtime.Path,
            ToolPath = ToolPaths.Tool,
            Uuid = Guid.Empty.ToString(),
            Host = s_host,
            Set = set,
            MayWriteRoot = target.Image.Run?.Labels?.GetValueOrDefault("atomic.run") == "once",
        };
        UnitPlan plan = Plan(request);
        return request with { Commands = plan.Commands, ServiceLines = plan.ServiceLines };
    }

    /// <summary>How its units would start.</summary>
    public static UnitPlan Plan(RenderRequest request) =>
        UnitPlan.For(
            s_runtime,
            request.Name,
            request.DestinationDirectory,
            request.PidFile,
            request.ToolPath,
            request.Exports,
            SystemdVersion
        );
}
