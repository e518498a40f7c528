// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Network;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// <c>sysctr launch check</c>: what an <c>ExecStartPre=</c> of older versions calls before the runtime starts the
/// container by itself. No unit of today's has it, for the launcher starts them all and looks at the mounts then; those
/// that are on disks, and that a rollback brings back, do.
/// </summary>
static class MountCheck
{
    public const string Verb = "check";

    /// <summary>
    /// Looks at the mounts, and at the AppArmor profile, right before the runtime does. The payload does not run, so
    /// what it left is what the runtime will find.
    /// </summary>
    /// <param name="name">The container.</param>
    /// <param name="bundle">Its deployment.</param>
    /// <param name="run">Where configurations wait for their start.</param>
    /// <param name="store">The store, where the bundle does not tell.</param>
    /// <returns>Exit status for systemd.</returns>
    /// <exception cref="SysctrException">Unsafe: a mount leads where it must not, or something is not covered that
    /// would have to be.</exception>
    public static int Run(string name, string bundle, string run, string store)
    {
        JsonObject document = Launcher.ReadConfig(bundle);
        AppArmorProfiles.Require(name, document["process"]?["apparmorProfile"]?.ToString());

        // What such a configuration covers is what there was to cover when it was written: nobody changes it any more.
        string[] own = [.. NameFiles.Of(Path.GetDirectoryName(run)!, name).Select(f => f.Source)];
        if (MountGuard.ForStart(bundle, run, store, own, hasMapped: false).Protect(document))
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                "checking the mounts of config.json: something is mounted on the host since the container was installed, and would show it the store of sysctr",
                $"unmount it, or 'sysctr update {name}': then it is covered inside the container"
            );
        }

        return 0;
    }
}
