// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Linux.Users;

/// <summary>
/// A user namespace in which an unprivileged user is root, and the user's subordinate ids are the other users: there
/// files can have the owners that an image gives them. Made by the host's own tools, for a process of several threads
/// can't make one for itself, and only newuidmap(1), which is setuid, may map more than one id. A user without
/// subordinate ids gets a namespace of one id, as podman gives one.
/// </summary>
static class UserNamespace
{
    /// <summary>Becomes a program inside a new namespace; keeps the process id, the terminal and the user's
    /// groups.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="command">The program and its words.</param>
    /// <returns>Never; it throws where it can't.</returns>
    /// <exception cref="SysctrException">Host: the kernel or a tool refuses.</exception>
    public static int Replace(HostUser user, IReadOnlyList<string> command)
    {
        SubordinateIds ids = SubordinateIds.Of(user);
        using Process holder = StartHolder(ids.IsEmpty);
        string process = holder.Id.ToString(CultureInfo.InvariantCulture);
        int descriptor;
        try
        {
            if (!ids.IsEmpty)
            {
                IdMap map = IdMap.Of(user.Uid, user.Gid, ids.Uids, ids.Gids);
                Map("newuidmap", process, map.Uids);
                Map("newgidmap", process, map.Gids);
            }

            descriptor = Libc.open_inherited($"/proc/{process}/ns/user", OpenFlags.ReadOnly);
        }
        finally
        {
            holder.StandardInput.Close();
            holder.WaitForExit();
        }

        // The open file keeps the namespace alive until the program is in it.
        return descriptor < 0
            ? throw LinuxException.Last("open", $"/proc/{process}/ns/user")
            : Exec.Replace([
                "/usr/bin/env",
                "nsenter",
                $"--user=/proc/self/fd/{descriptor}",
                "--preserve-credentials",
                "--",
                .. command,
            ]);
    }

    /// <summary>Makes a namespace with a map of root's choice, for mounts whose owners it maps
    /// (mount_setattr(2)).</summary>
    /// <param name="map">The caller is root, so that it may have any ids.</param>
    /// <returns>It lives as long as the handle is open.</returns>
    /// <exception cref="SysctrException">Host: the kernel refuses.</exception>
    public static SafeFileHandle Open(IdMap map)
    {
        using Process holder = StartHolder(single: false);
        string process = $"/proc/{holder.Id.ToString(CultureInfo.InvariantCulture)}";
        try
        {
            Write(process + "/uid_map", map.Uids);
            Write(process + "/gid_map", map.Gids);
            SafeFileHandle handle = Libc.open(process + "/ns/user", OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
            return handle.IsInvalid ? throw LinuxException.Last("open", process + "/ns/user") : handle;
        }
        finally
        {
            holder.StandardInput.Close();
            holder.WaitForExit();
        }
    }

    /// <summary>Makes a namespace with a map of root's choice, and one of the network that it owns, which live on by
    /// their mounts.</summary>
    /// <param name="map">The caller is root of the namespace that it is in, which has these ids.</param>
    /// <param name="users">A file that becomes the first.</param>
    /// <param name="network">A file that becomes the second.</param>
    /// <exception cref="SysctrException">Host: the kernel refuses.</exception>
    public static void Mount(IdMap map, string users, string network)
    {
        using Process holder = StartHolder(single: false, "--net");
        string process = $"/proc/{holder.Id.ToString(CultureInfo.InvariantCulture)}";
        try
        {
            Write(process + "/uid_map", map.Uids);
            Write(process + "/gid_map", map.Gids);
            foreach ((string kind, string place) in ((string, string)[])[("user", users), ("net", network)])
            {
                if (Libc.mount($"{process}/ns/{kind}", place, Libc.MS_BIND) != 0)
                {
                    throw LinuxException.Last("mount", place);
                }
            }
        }
        finally
        {
            holder.StandardInput.Close();
            holder.WaitForExit();
        }
    }

    /// <summary>The kernel takes a map in one write.</summary>
    private static void Write(string file, IReadOnlyList<IdRange> ranges)
    {
        using FileStream map = new(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        map.Write(
            Encoding.ASCII.GetBytes(
                string.Concat(
                    ranges.Select(r =>
                        string.Create(CultureInfo.InvariantCulture, $"{r.Inside} {r.Outside} {r.Count}\n")
                    )
                )
            )
        );
    }

    /// <summary>A process that does nothing in a new namespace, until its standard input ends.</summary>
    /// <param name="single">Whether it is its root and nobody else, which the kernel allows everybody
    /// (user_namespaces(7)).</param>
    /// <param name="others">Options of unshare(1) for further namespaces.</param>
    private static Process StartHolder(bool single, params string[] others)
    {
        Process holder = ProcessRunner.Start(
            new ProcessStartInfo(
                "unshare",
                ["--user", .. others, .. single ? ["--map-root-user"] : Array.Empty<string>(), "cat"]
            )
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        );

        // What comes back says that the namespace is there.
        try
        {
            holder.StandardInput.WriteLine("here");
            holder.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It ended at once; what it printed says why.
        }

        if (holder.StandardOutput.ReadLine() == "here")
        {
            return holder;
        }

        string why = holder.StandardError.ReadToEnd().Trim();
        holder.Dispose();
        throw new SysctrException(
            ErrorKind.Host,
            $"making a user namespace: {why}",
            "the kernel has to allow it: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns"
        );
    }

    private static void Map(string tool, string process, IReadOnlyList<IdRange> map)
    {
        ProcessResult result;
        try
        {
            result = ProcessRunner
                .RunAsync(
                    tool,
                    [
                        process,
                        .. map.SelectMany(r => new[] { r.Inside, r.Outside, r.Count })
                            .Select(n => n.ToString(CultureInfo.InvariantCulture)),
                    ],
                    CancellationToken.None
                )
                .GetAwaiter()
                .GetResult();
        }
        catch (SysctrException e)
        {
            throw new SysctrException(ErrorKind.Host, e.Message, "install uidmap (Debian) or shadow-utils (Fedora)", e);
        }

        if (result.ExitCode != 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"mapping ids by {tool}: {result.Error.Trim()}",
                "the ranges in /etc/subuid and /etc/subgid must not overlap"
            );
        }
    }
}
