// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Where the runtime writes the payload's process id, as root of the host. Attack: an image names a place in a
/// directory of its own, in which its payload can write, too; one of its instances puts a symbolic link there, which
/// crun follows to whatever file of the host, or another number, by which systemd then takes somebody else's process
/// for the payload.
/// </summary>
static class PidFilePlace
{
    /// <summary>Where such files usually are: whoever is given all of it has the host's sockets, too.</summary>
    private const string Usual = "/run";

    /// <summary>Refuses a place in what the container writes to.</summary>
    /// <param name="document">config.json.</param>
    /// <param name="id">The container, for messages.</param>
    /// <param name="pidFile">Absolute.</param>
    /// <exception cref="SysctrException">Unsafe: it is one.</exception>
    public static void Require(JsonObject document, string id, string pidFile)
    {
        string directory = RealPath.Of(Path.GetDirectoryName(pidFile)!);
        string? given = (document["mounts"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Where(m => !IsReadOnly(m))
            .Select(m => m["source"]?.ToString())
            .FirstOrDefault(s =>
                s is ['/', ..]
                && RealPath.Of(s) is var source
                && (Covers(source, directory) || source == Path.Join(directory, Path.GetFileName(pidFile)))
                && !Covers(source, RealPath.Of(Usual))
            );
        if (given is not null)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"starting {id}: its PIDFILE {pidFile} is in {given}, which the container writes to",
                "leave PIDFILE out of the image's defaultValues; 'sysctr update --set PIDFILE=/run/NAME.pid NAME' names another place"
            );
        }
    }

    private static bool IsReadOnly(JsonObject mount) =>
        (mount["options"] as JsonArray ?? [])
            .Select(o => o?.ToString())
            .LastOrDefault(o => o is "ro" or "rw" or "rro" or "rrw")
            is "ro"
                or "rro";

    private static bool Covers(string directory, string path) =>
        path == directory || path.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal);
}
