// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Render.HostFiles;
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
        return kept is null || !File.Exists(kept) ? "" : File.ReadAllText(kept);
    }

    /// <summary>Whatever a payload has written there meanwhile is kept, and stays claimed.</summary>
    public void RemoveNew(ContainerChange change)
    {
        foreach (string path in change.NewState.Select(host.Here).Where(Directory.Exists))
        {
            if (!Directory.EnumerateFileSystemEntries(path).Any())
            {
                DeleteUnlessMounted(path);
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

    private static void DeleteUnlessMounted(string directory)
    {
        try
        {
            DurableFile.DeleteDirectory(directory);
        }
        catch (IOException e) when (e.HResult == Errno.EBUSY)
        {
            // The failed deployment mounted something there, and such a mount outlives it.
        }
    }
}
