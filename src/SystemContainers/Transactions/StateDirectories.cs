// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Render.HostFiles;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Templates;

namespace SystemContainers.Transactions;

/// <summary>The directories that a deployment's tmpfiles lines make on the host, as a change brings them and its
/// roll-back takes them away.</summary>
sealed class StateDirectories(Host host)
{
    /// <summary>Makes what a deployment asks for on a host that runs.</summary>
    /// <param name="record">The deployment.</param>
    /// <param name="cancellation">Honoured while a volume's first content is copied.</param>
    /// <exception cref="SysctrException">Something else is in the place of one.</exception>
    public async Task MakeAsync(ContainerRecord record, CancellationToken cancellation)
    {
        if (record.Tmpfiles is { } tmpfiles)
        {
            await SystemdTmpfiles.CreateAsync(tmpfiles.Path, host.User, cancellation);
        }

        UserDirectories.MakeOnce(record.TmpfilesOnce, host.Here, host.User?.Ids);
    }

    /// <summary>A change with the directories that are not there yet, and go when it is rolled back.</summary>
    public ContainerChange WithNew(ContainerChange change) =>
        change.After is null
            ? change
            : change with
            {
                NewState =
                [
                    // A claim from before is not this change's to give up, whether its directory is there or not.
                    .. change
                        .After.StateDirectories.Concat(TmpfilesDirectories(change.After))
                        .Except(new StateClaims(host).Of(change.Name), StringComparer.Ordinal)
                        .Where(d => !Path.Exists(host.Here(d)))
                        // What is in a directory goes before it.
                        .OrderDescending(StringComparer.Ordinal),
                ],
            };

    /// <summary>The directories that the lines of a deployment make, and those above them.</summary>
    private IEnumerable<string> TmpfilesDirectories(ContainerRecord record)
    {
        foreach (string line in TmpfilesLines.Directories(KeptLines(record)))
        {
            for (string made = line; made != "/"; made = HostPath.Parent(made))
            {
                yield return made;
            }
        }
    }

    /// <summary>Directories in which a copy of a volume's first content may lie that was cut off.</summary>
    public IEnumerable<string> SeededIn(ContainerRecord record) =>
        TmpfilesSyntax
            .Parse(KeptLines(record))
            .Where(VolumeSeeds.IsSeed)
            .SelectMany(l => (string[])[HostPath.Parent(l.Path), l.Path])
            // What the payload has put there is not followed.
            .Where(d => new FileInfo(host.Here(d)).LinkTarget is null);

    /// <summary>The tmpfiles.d(5) file of a deployment that is staged or in its place; none where it has none, or is
    /// gone.</summary>
    private string KeptLines(ContainerRecord record)
    {
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        string? kept =
            record.Tmpfiles is not { } tmpfiles ? null
            : Directory.Exists(directory.Staged) ? directory.StagedFile(tmpfiles.Path)
            : directory.KeptFile(tmpfiles.Path);
        return kept is null ? "" : RegularFile.FindText(kept) ?? "";
    }

    /// <summary>Whatever a payload has written there meanwhile is kept, and stays claimed; so is what can't be removed,
    /// for nobody is kept from rolling back by it.</summary>
    public void RemoveNew(ContainerChange change)
    {
        foreach (string directory in change.NewState)
        {
            try
            {
                RemoveEmpty(directory);
            }
            catch (IOException e)
            {
                host.Note($"{directory} is kept: {e.Message}; look at it, and remove it yourself");
            }
        }

        string[] gone =
        [
            .. change
                .NewState.Intersect(change.After?.StateDirectories ?? [], StringComparer.Ordinal)
                .Where(d => !Path.Exists(host.Here(d))),
        ];
        if (gone.Length > 0)
        {
            new StateClaims(host).Release(change.Name, gone);
        }
    }

    /// <summary>Opens the directory of one that a deployment made: the links on the way are the administrator's alone,
    /// for all that is not the system's own directory may have been the payload's.</summary>
    /// <returns>Null where it is not there.</returns>
    /// <exception cref="IOException">A link is on the way that the payload may have made.</exception>
    public SafeFileHandle? OpenParent(string directory)
    {
        // Below a root of somebody else all links lead to what is in it.
        if (host.Root == "/")
        {
            return GuardedPath.Open(
                HostPath.Parent(directory),
                held => IsFollowed(held) ? null : "the payload may have made it"
            );
        }

        string parent = Path.GetDirectoryName(host.Here(directory))!;
        SafeFileHandle opened = Libc.open(
            parent,
            OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0
        );
        return !opened.IsInvalid ? opened
            : Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ENOTDIR ? null
            : throw LinuxException.Last("open", parent);
    }

    /// <summary>Whether links in a directory are the administrator's: in the system's own, and in those above a user's
    /// data.</summary>
    private bool IsFollowed(SafeFileHandle directory)
    {
        string path = new FileInfo($"/proc/self/fd/{directory.DangerousGetHandle()}").LinkTarget!;
        return MountGuard.IsSystemDirectory(path)
            || (host.User is { } user && HostPath.IsBelow(user.DataHome + "/x", path));
    }

    /// <summary>A link, and what has something in it or mounted there, stays: the failed deployment may have made
    /// it.</summary>
    private unsafe void RemoveEmpty(string directory)
    {
        using SafeFileHandle? parent = OpenParent(directory);
        if (parent is null)
        {
            return;
        }

        fixed (byte* name = Encoding.UTF8.GetBytes(Path.GetFileName(directory) + '\0'))
        {
            FaultPoint.Pass("rmdir");
            if (Libc.unlinkat(parent, name, Libc.AT_REMOVEDIR) == 0)
            {
                DurableFile.SyncDirectory($"/proc/self/fd/{parent.DangerousGetHandle()}");
            }
            else if (
                Marshal.GetLastPInvokeError()
                is not (Errno.ENOENT or Errno.ENOTDIR or Errno.ENOTEMPTY or Errno.EEXIST or Errno.EBUSY)
            )
            {
                throw LinuxException.Last("unlinkat", directory);
            }
        }
    }
}
