// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>
/// Volumes with the option U: all that is in them becomes the payload's user's, when the deployment comes into use and
/// at each boot. systemd-tmpfiles does it, which follows no link in what it walks through, but those on the way there;
/// so nobody else may be able to put one there.
/// </summary>
static class OwnedVolumes
{
    /// <summary>What many have a share in. As podman has it.</summary>
    private static readonly string[] s_shared =
    [
        "/",
        "/home",
        "/media",
        "/opt",
        "/root",
        "/run",
        "/srv",
        "/tmp",
        "/var",
        "/var/lib",
        "/var/log",
    ];

    /// <summary>The operating system's own, with all below: with another owner it does not work any more, or is open to
    /// the payload.</summary>
    private static readonly string[] s_trees =
    [
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/lib",
        "/lib64",
        "/proc",
        "/run/systemd",
        "/sbin",
        "/sys",
        "/usr",
        "/var/lib/sysctr",
        "/var/lib/systemd",
        "/var/log/journal",
    ];

    private static readonly SearchValues<char> s_pattern = SearchValues.Create("*?[]{}\\");

    /// <summary>What of a user's container is given away at each start, absolute on the host.</summary>
    /// <param name="request">The container.</param>
    /// <param name="volumes">Those that are kept on the host.</param>
    /// <exception cref="SysctrException">Usage: it is the user's home, or what sysctr itself keeps there; or it is a
    /// link, or the payload could put one on the way to it.</exception>
    public static IEnumerable<string> OfUser(RenderRequest request, IReadOnlyList<Volume> volumes) =>
        request.Host.UserIds is null
            ? []
            :
            [
                .. request
                    .Settings.Spec.Volumes.Where(v => v.IsOwned)
                    .Select(volume =>
                    {
                        string source = SourceOf(volume, volumes);
                        if (Movable(request, volume, source) is { } obstacle)
                        {
                            throw new SysctrException(
                                ErrorKind.Usage,
                                $"giving {source} to the payload's user for {volume.Destination}: {obstacle}",
                                "leave U out, or name the directory itself, outside of what the payload can change"
                            );
                        }

                        string[] own =
                        [
                            .. request.Host.Home is { } home ? [home] : Array.Empty<string>(),
                            request.StateDirectory,
                            request.ConfDirectory,
                            request.RunDirectory,
                            HostPath.Parent(request.DestinationDirectory),
                        ];
                        return
                            s_shared.Contains(source, StringComparer.Ordinal)
                            || own.FirstOrDefault(o => source == o || HostPath.IsBelow(o, source)) is not null
                            ? throw new SysctrException(
                                ErrorKind.Usage,
                                $"giving {source} to the payload's user for {volume.Destination}: the user's own directories are in it",
                                "leave U out; --userns keep-id makes the payload's user the one that you are"
                            )
                            : source;
                    }),
            ];

    private static string SourceOf(VolumeSetting volume, IReadOnlyList<Volume> volumes) =>
        volumes.FirstOrDefault(v => v.Destination == volume.Destination)?.Source ?? volume.Source ?? "";

    /// <summary>A line of tmpfiles.d(5) for each; none of a user's container.</summary>
    /// <param name="request">The container.</param>
    /// <param name="volumes">Those that are kept on the host.</param>
    /// <param name="config">What the runtime gets: the payload's user.</param>
    /// <exception cref="SysctrException">Usage: a place is the system's, or somebody else could change where it
    /// leads.</exception>
    public static IEnumerable<string> Lines(
        RenderRequest request,
        IReadOnlyList<Volume> volumes,
        RuntimeConfigFile config
    )
    {
        VolumeSetting[] owned = [.. request.Settings.Spec.Volumes.Where(v => v.IsOwned)];
        if (owned.Length == 0)
        {
            return [];
        }

        if (request.Host.UserIds is not null)
        {
            // Each start does it: systemd-tmpfiles, which the user's systemd runs, could give nothing to anybody.
            return [];
        }

        (uint uid, uint gid) = config.User;
        return
        [
            .. owned.Select(volume =>
            {
                // Where the mount maps owners, those on disk are the container's; else they are the host's.
                IdMap? map = volume.IsMapped ? null : request.UserMap;
                string source = SourceOf(volume, volumes);
                return Line(request, volume, source, map?.UidOutside(uid) ?? uid, map?.GidOutside(gid) ?? gid);
            }),
        ];
    }

    private static string Line(RenderRequest request, VolumeSetting volume, string source, uint uid, uint gid) =>
        Obstacle(request, volume, source) is { } obstacle
            ? throw new SysctrException(
                ErrorKind.Usage,
                $"giving {source} to the payload's user for {volume.Destination}: {obstacle}",
                "leave U out, and give the directory its owner with chown(1)"
            )
            : new TmpfilesLine(0, 'Z', "", source) { User = $"{uid}", Group = $"{gid}" } + "\n";

    private static string? Obstacle(RenderRequest request, VolumeSetting volume, string source) =>
        s_shared.Contains(source, StringComparer.Ordinal)
        || s_trees.Any(t => source == t || HostPath.IsBelow(source, t))
            ? "it is the operating system's"
        : source.AsSpan().ContainsAny(s_pattern) ? "its path is a pattern to tmpfiles.d(5)"
        : !volume.IsHostPath ? null
        : Parents(source).FirstOrDefault(p => !request.Host.IsRootsAlone(p)) is { } open
            ? $"others than root can change what is in {open}, and so where it leads"
        : Movable(request, volume, source);

    private static string? Movable(RenderRequest request, VolumeSetting volume, string source) =>
        !volume.IsHostPath ? null
        : request.Host.IsLink(source) ? "it is a link"
        : request.Settings.Spec.Volumes.FirstOrDefault(v => v.IsHostPath && HostPath.IsBelow(source, v.Source!))
            is { } above
            ? $"{above.Source} is mounted, too, so that the payload could change where it leads"
        : null;

    private static IEnumerable<string> Parents(string path)
    {
        for (string parent = HostPath.Parent(path); parent is not ("/" or ""); parent = HostPath.Parent(parent))
        {
            yield return parent;
        }
    }
}
