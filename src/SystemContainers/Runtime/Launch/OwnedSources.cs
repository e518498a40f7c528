// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;

namespace SystemContainers.Runtime.Launch;

/// <summary>Volumes of a user's container with the option U, as podman-run(1) has it: before each start all that is in
/// them becomes the payload's user's. (Of the system's tmpfiles.d(5) does it.)</summary>
static class OwnedSources
{
    /// <summary>The verb of <c>sysctr launch</c> that does it.</summary>
    public const string Verb = "own";

    /// <summary>Whether a config.json has such volumes.</summary>
    public static bool Any(JsonObject document) => StartAnnotations.Lines(document, StartAnnotations.Owned).Count > 0;

    /// <param name="document">config.json, with the container's ids as the host has them.</param>
    /// <param name="user">Whose the container is; this process is in the user's namespace.</param>
    /// <param name="guard">The container's: says which links count on the way to a volume.</param>
    /// <exception cref="SysctrException">
    /// Host, NotFound, Unsafe: as <see cref="TreeGift.Give(string, uint, uint, Func{SafeFileHandle, string?})"/>; Host:
    /// the user does not have the payload's ids; Unsafe: the store is in a volume; Corrupt: there are no ids.
    /// </exception>
    public static void Give(JsonObject document, HostUser user, MountGuard guard)
    {
        IReadOnlyList<string> sources = StartAnnotations.Lines(document, StartAnnotations.Owned);
        if (sources.Count == 0)
        {
            return;
        }

        IdMap map =
            IdMappings.Find(document)
            ?? throw new SysctrException(
                ErrorKind.Corrupt,
                "giving volumes to the payload's user: config.json has no ids of its namespace"
            );
        JsonNode? payload = document["process"]?["user"];
        IdMap here = map.Then(user.Ids.Inverse);
        (uint uid, uint gid) = (payload?["uid"]?.GetValue<uint>() ?? 0, payload?["gid"]?.GetValue<uint>() ?? 0);
        if (!here.HasUid(uid) || !here.HasGid(gid))
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"giving volumes to the payload's user {uid}:{gid}: {user.Name} has no such ids, or not any more",
                SubordinateIds.Hint(user.Name)
            );
        }

        Func<SafeFileHandle, string?> refusal = guard.LinkRefusal(document);
        foreach (string source in sources)
        {
            // By whatever links of the user's own, which may be new.
            if (guard.IsOwn(source) || guard.IsAboveOwn(source))
            {
                throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"giving {source} to the payload's user: the store of sysctr is there",
                    "leave the volume's option U out"
                );
            }

            TreeGift.Give(source, here.UidOutside(uid), here.GidOutside(gid), refusal);
        }
    }
}
