// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>
/// Volumes with the option U: all that is in them becomes the payload's user's, when the deployment comes into use and at each boot. systemd-tmpfiles does it, which follows no link on the way.
/// </summary>
static class OwnedVolumes
{
    /// <summary>The operating system's own: with another owner it does not work any more. As podman has it.</summary>
    private static readonly string[] s_systems =
    [
        "/", "/bin", "/boot", "/dev", "/etc", "/etc/passwd", "/etc/pki", "/etc/shadow", "/home", "/lib", "/lib64", "/media", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var",
        "/var/lib", "/var/log",
    ];

    /// <summary>Below these nothing is anybody else's either.</summary>
    private static readonly string[] s_trees = ["/bin", "/boot", "/dev", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"];

    /// <summary>A line of tmpfiles.d(5) for each.</summary>
    /// <param name="request">The container.</param>
    /// <param name="volumes">Those that are kept on the host.</param>
    /// <param name="config">What the runtime gets: the payload's user.</param>
    /// <exception cref="SysctrException">Usage: a place is the system's, or the container is a user's.</exception>
    public static IEnumerable<string> Lines(RenderRequest request, IReadOnlyList<Volume> volumes, RuntimeConfigFile config)
    {
        VolumeSetting[] owned = [.. request.Settings.Spec.Volumes.Where(v => v.IsOwned)];
        if (owned.Length == 0)
        {
            return [];
        }

        if (request.Host.UserIds is not null)
        {
            throw new SysctrException(
                ErrorKind.Usage, $"giving {owned[0].Destination} to the payload's user: the option U is for the system's containers", "leave it out, and give the directory its owner with chown(1), or 'podman unshare chown'");
        }

        JsonNode? user = JsonNode.Parse(config.Json)!["process"]?["user"];
        uint uid = user?["uid"]?.GetValue<uint>() ?? 0;
        uint gid = user?["gid"]?.GetValue<uint>() ?? 0;
        return [.. owned.Select(volume =>
        {
            // Where the mount maps owners, those on disk are the container's; else they are the host's.
            IdMap? map = volume.IsMapped ? null : request.UserMap;
            string source = volumes.FirstOrDefault(v => v.Destination == volume.Destination)?.Source ?? volume.Source ?? "";
            return Line(volume, source, map?.UidOutside(uid) ?? uid, map?.GidOutside(gid) ?? gid);
        })];
    }

    private static string Line(VolumeSetting volume, string source, uint uid, uint gid) =>
        s_systems.Contains(source, StringComparer.Ordinal) || s_trees.Any(t => HostPath.IsBelow(source, t))
            ? throw new SysctrException(ErrorKind.Usage, $"giving {source} to the payload's user for {volume.Destination}: it is the operating system's", "leave U out, or mount a directory of the container's own")
            : new TmpfilesLine(0, 'Z', "", source) { User = $"{uid}", Group = $"{gid}" } + "\n";
}
