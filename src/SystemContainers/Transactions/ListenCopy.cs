// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
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
    /// <summary>Whether a config.json binds the deployment's copy.</summary>
    public static bool IsNeeded(DeploymentDirectory directory, ReadOnlySpan<byte> config) =>
        JsonNode.Parse(config)?["mounts"] is JsonArray mounts
        && mounts.Any(m => m?["source"]?.ToString() == directory.ListenOnHost);

    /// <summary>Makes the copy where config.json binds it.</summary>
    /// <param name="config">Its config.json.</param>
    /// <param name="place">The directory that the copy goes to.</param>
    public static void Make(DeploymentDirectory directory, ReadOnlySpan<byte> config, string place)
    {
        if (IsNeeded(directory, config))
        {
            DurableFile.Write(
                Path.Join(place, DeploymentDirectory.ListenName),
                File.ReadAllBytes(ToolPaths.ListenHelper),
                (UnixFileMode)0b101_101_101
            );
        }
    }
}
