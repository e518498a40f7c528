// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>
/// The copy of sysctr-listen that a container gets. A payload with CAP_SYS_ADMIN makes a bind mount writable again
/// whatever it was (mount(8), "remount"): what it can write to then is a file that no other container and nobody on the
/// host executes.
/// </summary>
static class ListenCopy
{
    /// <summary>Makes the copy where config.json binds it.</summary>
    /// <param name="sources">Those of its mounts.</param>
    /// <param name="place">The directory that the copy goes to.</param>
    public static void Make(DeploymentDirectory directory, IEnumerable<string> sources, string place)
    {
        if (sources.Contains(directory.ListenOnHost, StringComparer.Ordinal))
        {
            DurableFile.Write(
                Path.Join(place, DeploymentDirectory.ListenName),
                File.ReadAllBytes(ToolPaths.ListenHelper),
                (UnixFileMode)0b101_101_101
            );
        }
    }
}
