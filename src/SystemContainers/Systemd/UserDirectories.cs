// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Systemd;

/// <summary>
/// The directories of a user's tmpfiles.d(5) that belong to users of the container: made inside the user's namespace,
/// for outside of it the user can give nothing away. systemd-tmpfiles itself refuses to work there: the host's own
/// directories seem to be nobody's.
/// </summary>
/// <remarks>
/// A payload owns what is in its directories and may put links there. So nothing below the user's own places is
/// followed.
/// </remarks>
static class UserDirectories
{
    private const uint NewDirectory = 0b111_101_101;

    /// <summary>Makes directories below the container's own: nothing from the own one on is followed, for a payload may
    /// have put links there.</summary>
    /// <param name="lines">What to make.</param>
    /// <param name="here">Where a path of the host is for this process.</param>
    /// <param name="ids">The user's namespace; null for the system's containers.</param>
    /// <exception cref="SysctrException">Unsafe: a link, or no directory, stands in the way.</exception>
    public static void MakeOnce(IReadOnlyList<OnceLine> lines, Func<string, string> here, IdMap? ids)
    {
        foreach (OnceLine once in lines)
        {
            TmpfilesLine line = TmpfilesSyntax.Parse(once.Line)[0];
            string place = here(HostPath.Parent(once.Root));
            FaultPoint.Pass("mkdir");
            using SafeFileHandle directory = Open(
                place,
                place.TrimEnd('/') + line.Path[HostPath.Parent(once.Root).TrimEnd('/').Length..],
                out bool isNew
            );
            Give(directory, line, ids, isNew);
        }
    }

    /// <summary>Makes and copies (types d, D, v, q, Q, C) what lies below the user's places, with owner and
    /// mode.</summary>
    /// <exception cref="SysctrException">Host: something else stands there; Unsafe: a link does.</exception>
    public static void Make(HostUser user, string text, CancellationToken cancellation)
    {
        foreach (TmpfilesLine line in TmpfilesSyntax.Parse(text))
        {
            if (line.Error is not null || !HasKnownOwner(line) || Place(user, line.Path) is not { } place)
            {
                continue;
            }

            if ("dDvqQ".Contains(line.Type, StringComparison.Ordinal))
            {
                using SafeFileHandle directory = Open(place, line.Path, out bool isNew);
                Give(directory, line, user.Ids, isNew);
            }
            else if (VolumeSeeds.IsDue(line))
            {
                string parent = Path.GetDirectoryName(line.Path)!;
                using SafeFileHandle directory = Open(place, parent.Length > place.Length ? parent : place, out _);
                VolumeSeeds.Copy(directory, line, user.Ids, cancellation);
            }
        }
    }

    /// <summary>Removes what the types R and D name; what a container's user left there the user could not remove
    /// outside.</summary>
    public static void Remove(HostUser user, string text)
    {
        foreach (
            TmpfilesLine line in TmpfilesSyntax
                .Parse(text)
                .Where(l => l.Error is null && Place(user, l.Path) is { } place && IsPlain(place, l.Path))
        )
        {
            if (line.Type == 'R')
            {
                TreeRemoval.Remove(line.Path);
            }
            else if (line.Type == 'D' && Directory.Exists(line.Path))
            {
                foreach (string entry in Directory.GetFileSystemEntries(line.Path))
                {
                    TreeRemoval.Remove(entry);
                }
            }
        }
    }

    /// <summary>The user's place that a path is below; null for another path, which systemd-tmpfiles may
    /// judge.</summary>
    private static string? Place(HostUser user, string path) =>
        new[] { user.RuntimeDirectory, user.DataHome, user.ConfigHome, user.Home }.FirstOrDefault(place =>
            path.StartsWith(place + "/", StringComparison.Ordinal)
            && !path.Split('/').Contains("..", StringComparer.Ordinal)
        );

    /// <summary>Whether no link is on the way from the place to the path.</summary>
    private static bool IsPlain(string place, string path) =>
        RealPath.Of(path) == RealPath.Of(place) + path[place.Length..].TrimEnd('/');

    /// <summary>Opens a directory; it and those above it are made where they are missing.</summary>
    private static unsafe SafeFileHandle Open(string place, string path, out bool isNew)
    {
        isNew = false;
        SafeFileHandle at = Libc.open(RealPath.Of(place), OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        foreach (string part in path[place.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using SafeFileHandle parent = at;
            fixed (byte* name = Encoding.UTF8.GetBytes(part + "\0"))
            {
                isNew = Libc.mkdirat(parent, name, NewDirectory) == 0;
                if (!isNew && Marshal.GetLastPInvokeError() != Errno.EEXIST)
                {
                    throw LinuxException.Last("mkdirat", path);
                }

                at = Libc.openat(parent, name, OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
            }

            if (at.IsInvalid)
            {
                throw Marshal.GetLastPInvokeError() is Errno.ELOOP or Errno.ENOTDIR
                    ? new SysctrException(
                        ErrorKind.Unsafe,
                        $"making the directory {path}: {part} is a link, or no directory",
                        "remove it"
                    )
                    : LinuxException.Last("openat", path);
            }
        }

        return at;
    }

    /// <summary>Gives what is in a directory the owner and mode of a line, as far as they are numbers; a link stays as
    /// it is.</summary>
    internal static void Give(SafeFileHandle directory, string name, TmpfilesLine line, IdMap? ids)
    {
        using SafeFileHandle file = RestrictedOpen.InRoot(
            directory,
            name,
            OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlock
        );
        if (!file.IsInvalid)
        {
            Give(file, line, ids, isNew: false);
        }
        else if (Marshal.GetLastPInvokeError() is not (Errno.ELOOP or Errno.ENXIO))
        {
            throw LinuxException.Last("openat", line.Path);
        }
    }

    private static void Give(SafeFileHandle directory, TmpfilesLine line, IdMap? ids, bool isNew)
    {
        uint? uid = Id(line.User, ids is null ? null : ids.UidInside);
        uint? gid = Id(line.Group, ids is null ? null : ids.GidInside);
        if (uid is not null || gid is not null)
        {
            // (uid_t)-1 leaves it as it is, chown(2).
            if (Libc.fchown(directory, uid ?? uint.MaxValue, gid ?? uint.MaxValue) != 0)
            {
                throw LinuxException.Last("fchown", line.Path);
            }
        }

        if (
            (line.ModeBits ?? (isNew ? (int)NewDirectory : null)) is { } mode
            && Libc.fchmod(directory, (uint)mode) != 0
        )
        {
            throw LinuxException.Last("fchmod", line.Path);
        }
    }

    /// <summary>The line names no owner but a number, root, or nobody in particular.</summary>
    private static bool HasKnownOwner(TmpfilesLine line) =>
        ((string[])[line.User, line.Group]).All(f => f == TmpfilesLine.None || Id(f, null) is not null);

    /// <summary>A line speaks of ids as the host has them; others are taken for the container's.</summary>
    private static uint? Id(string field, Func<uint, uint?>? inside)
    {
        string text = field.TrimStart(':');
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
                ? inside?.Invoke(number) ?? number
            : text == "root" ? 0
            : null;
    }
}
