// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>
/// Makes the host's files those of one deployment instead of another's, or none. Every step looks at what is there
/// first, so the whole can be run again, in the same or the other direction, after it was cut at any point.
/// </summary>
/// <remarks>
/// What the administrator edited is never lost. An edited file of the image stays as it is, and a new version is laid
/// beside it as <c>.sysctr-new</c>. An edited unit can't stay, for it names the deployment: it is moved aside as
/// <c>.sysctr-save</c>, and one that was moved there before becomes <c>.sysctr-save.N</c>.
/// </remarks>
sealed class HostFileSwitch(Host host)
{
    private readonly HostPlaces _places = new(host.Target);

    private const string NewVersion = ".sysctr-new";
    private const string Saved = ".sysctr-save";

    /// <summary>The units and tmpfiles of a deployment that are not as we wrote them, absolute as the host sees
    /// them.</summary>
    public IReadOnlyList<string> EditedOwnFiles(ContainerRecord record) =>
        [
            .. record
                .OwnFiles.Where(f => HostFileFacts.DigestOf(host.Here(f.Path)) is { } there && there != f.Sha256)
                .Select(f => f.Path),
        ];

    /// <summary>The host files of a deployment beside which a new version lies, absolute as the host sees
    /// them.</summary>
    /// <param name="record">The deployment in use.</param>
    /// <param name="edited">Those that are not as the image has them, or those that are.</param>
    public IReadOnlyList<string> Beside(ContainerRecord record, bool edited) =>
        [
            .. record
                .HostFiles.Where(f =>
                    HostFileFacts.DigestOf(host.Here(f.Path) + NewVersion) is { } there && there != f.Sha256 == edited
                )
                .Select(f => f.Path),
        ];

    /// <summary>Replaces the files of <paramref name="before"/> by those of <paramref name="after"/>, each durably in
    /// one step.</summary>
    /// <param name="before">What may be there; null for nothing.</param>
    /// <param name="after">What shall be there; null for nothing.</param>
    /// <param name="rollingBack">Restores what was: nothing is laid beside edited files, and what is as it was is not
    /// written, for a disk that takes nothing any more may be why.</param>
    /// <returns>What could not be put back or removed. There each file is done though another can't be: nobody has a
    /// state to go back to any more. None where deployments are changed: there the first is thrown.</returns>
    public IReadOnlyList<(string Path, Exception Why)> Apply(
        ContainerRecord? before,
        ContainerRecord? after,
        bool rollingBack = false
    )
    {
        List<(string Path, Exception Why)> left = [];
        bool goesOn = rollingBack || after is null;
        Dictionary<string, InstalledFile> old = (before?.AllFiles ?? []).ToDictionary(
            f => f.Path,
            StringComparer.Ordinal
        );
        if (after is not null)
        {
            foreach (InstalledDirectory directory in after.HostDirectories)
            {
                Try(directory.Path, () => Make(directory));
            }

            foreach (InstalledFile file in after.AllFiles)
            {
                old.Remove(file.Path, out InstalledFile? known);
                Try(file.Path, () => Put(after, file, known, rollingBack));
            }
        }

        HashSet<string> own = (before?.OwnFiles ?? []).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        foreach (InstalledFile file in old.Values)
        {
            Try(file.Path, () => Remove(file, own.Contains(file.Path)));
        }

        HashSet<string> wanted = (after?.HostDirectories ?? []).Select(d => d.Path).ToHashSet(StringComparer.Ordinal);
        foreach (
            InstalledDirectory directory in (before?.HostDirectories ?? [])
                .Where(d => !wanted.Contains(d.Path))
                .Reverse()
        )
        {
            Try(directory.Path, () => RemoveIfEmpty(directory));
        }

        return left;

        void Try(string path, Action change)
        {
            try
            {
                change();
            }
            catch (Exception e) when (goesOn && HostFailure.Understand(e) is not null)
            {
                left.Add((path, e));
            }
            catch (Exception e) when (e is not SysctrException && HostFailure.Understand(e) is not null)
            {
                throw Stuck("changing", path, e);
            }
        }
    }

    /// <summary>Why a file of the host is not what it should be, with what may help.</summary>
    /// <param name="doing">What was being done to it.</param>
    /// <param name="path">Of <see cref="Apply"/>.</param>
    /// <param name="why">Likewise.</param>
    public static SysctrException Stuck(string doing, string path, Exception why)
    {
        SysctrException known = HostFailure.Understand(why)!;
        return new SysctrException(
            known.Kind,
            $"{doing} {path}: {known.Message}",
            known.Hint ?? "lsattr(1) shows what is protected there, and findmnt(8) what is mounted read-only",
            why
        );
    }

    /// <summary>Moves edited units back that a switch has moved aside.</summary>
    public void RestoreSaved(IEnumerable<string> paths)
    {
        foreach (string edited in paths)
        {
            string path = host.Here(edited);
            if (!HostFileFacts.IsThere(path + Saved))
            {
                continue;
            }

            _places.Check($"restoring {edited}", edited);
            DurableFile.Move(path + Saved, path);
        }
    }

    /// <summary>Puts new versions beside edited files again that a switch has removed or moved aside; each though
    /// another can't be.</summary>
    /// <returns>Why the first that could not be put back is not there; null where all are.</returns>
    public SysctrException? RestoreBeside(ContainerChange change)
    {
        SysctrException? first = null;
        foreach (string beside in change.EditedBeside)
        {
            string path = host.Here(beside) + NewVersion;
            if (!HostFileFacts.IsThere(path) && HostFileFacts.IsThere(path + Saved))
            {
                Try(beside, () => DurableFile.Move(path + Saved, path));
            }
        }

        foreach (
            InstalledFile file in change.Before!.HostFiles.Where(f =>
                change.Beside.Contains(f.Path, StringComparer.Ordinal)
                && !HostFileFacts.IsThere(host.Here(f.Path) + NewVersion)
            )
        )
        {
            Try(file.Path, () => Write(change.Before, file, host.Here(file.Path) + NewVersion));
        }

        return first;

        void Try(string file, Action restore)
        {
            try
            {
                _places.Check($"restoring {file}{NewVersion}", file);
                restore();
            }
            catch (Exception e) when (HostFailure.Understand(e) is { } why)
            {
                first ??= why;
                host.Note($"warning: {why.Message}");
            }
        }
    }

    /// <summary>Writes a file of the deployment in use that is gone from the host, and the directories made for it;
    /// never over what somebody has put there since.</summary>
    /// <returns>Whether it was written.</returns>
    public bool Restore(ContainerRecord current, InstalledFile file)
    {
        foreach (InstalledDirectory directory in current.HostDirectories)
        {
            Make(directory);
        }

        _places.Check($"writing {file.Path}", file.Path);
        if (HostFileFacts.DigestOf(Kept(current, file)) != file.Sha256)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"writing {file.Path}: its copy in deployment {current.Deployment} of {current.Name} was altered",
                $"'sysctr update {current.Name}' makes a new deployment"
            );
        }

        string path = host.Here(file.Path);
        string whole = DurableFile.Beside(path);
        Write(current, file, whole);
        try
        {
            return DurableFile.MoveNew(whole, path);
        }
        finally
        {
            File.Delete(whole);
        }
    }

    private void Put(ContainerRecord after, InstalledFile file, InstalledFile? known, bool rollingBack)
    {
        _places.Check($"writing {file.Path}", file.Path);
        string path = host.Here(file.Path);
        Digest? there = HostFileFacts.DigestOf(path);
        HostFileAction action = HostFileDecision.OnPut(
            there,
            file,
            known,
            after.OwnFiles.Contains(file),
            isWhole: rollingBack && there == file.Sha256 && IsWhole(after, file, path)
        );
        if (rollingBack || action != HostFileAction.KeepEdited)
        {
            RemoveOurs(path + NewVersion, known);
        }

        switch (action)
        {
            case HostFileAction.Create or HostFileAction.Replace:
                Write(after, file, path);
                break;
            case HostFileAction.ReplaceEdited:
                SetAside(path);
                host.Note(
                    $"{path} was edited since it was installed; kept as {path}{Saved} (drop-ins survive: 'systemctl edit')"
                );
                Write(after, file, path);
                break;
            case HostFileAction.LayBeside when !rollingBack:
                if (HostFileFacts.DigestOf(path + NewVersion) is { } beside && beside != file.Sha256)
                {
                    SetAside(path + NewVersion);
                    host.Note($"{path}{NewVersion} was edited; kept as {path}{NewVersion}{Saved}");
                }

                Write(after, file, path + NewVersion);
                host.Note($"{path} was edited since it was installed; the new version is {path}{NewVersion}");
                break;
            default:
                break;
        }
    }

    /// <summary>Whether what has the file's content is the file.</summary>
    private bool IsWhole(ContainerRecord deployment, InstalledFile file, string path) =>
        new FileInfo(Kept(deployment, file)).LinkTarget is not null
            ? new FileInfo(path).LinkTarget is not null
            : HostFileFacts.HasMetadataOf(path, file)
                && (file.LinkOf is not { } other || FileIdentity.Find(path) == FileIdentity.Find(host.Here(other)));

    private void Write(ContainerRecord deployment, InstalledFile file, string path)
    {
        string source = Kept(deployment, file);
        if (new FileInfo(source).LinkTarget is { } target)
        {
            DurableFile.WriteLink(path, target);
            return;
        }

        if (file.LinkOf is { } other && HostFileFacts.DigestOf(host.Here(other)) == file.Sha256)
        {
            DurableFile.Link(path, host.Here(other));
            return;
        }

        DurableFile.Copy(path, source, file.Metadata(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
    }

    /// <summary>Where the deployment keeps it. In a store below a directory, which anybody may have made, no link leads
    /// out of the deployment.</summary>
    private string Kept(ContainerRecord deployment, InstalledFile file)
    {
        DeploymentDirectory directory = host.Deployment(deployment.Name, deployment.Deployment);
        return host.Root == "/"
            ? directory.KeptFile(file.Path)
            : RootedPath.Resolve(directory.Here + "/host", file.Path);
    }

    private void Remove(InstalledFile file, bool own)
    {
        if (!MayRemove(file.Path))
        {
            return;
        }

        string path = host.Here(file.Path);
        RemoveOurs(path + NewVersion, file);
        switch (HostFileDecision.OnRemove(HostFileFacts.DigestOf(path), file, own))
        {
            case HostFileAction.Delete:
                DurableFile.Delete(path);
                break;
            case HostFileAction.SetAside:
                SetAside(path);
                host.Note($"{path} was edited since it was installed; kept as {path}{Saved}");
                break;
            case HostFileAction.LeaveEdited:
                host.Note($"{path} was edited since it was installed; left where it is");
                break;
            default:
                break;
        }
    }

    /// <summary>What a payload has put in the way must not keep a container from going; what is behind it is nobody's
    /// to remove.</summary>
    private bool MayRemove(string path)
    {
        try
        {
            _places.Check($"removing {path}", path);
            return true;
        }
        catch (SysctrException e)
        {
            host.Note($"warning: {path} is left where it is: {e.Message}");
            return false;
        }
    }

    /// <summary>Moves a file aside, as <c>.sysctr-save</c>. What was set aside before makes way: it is as much
    /// somebody's work.</summary>
    internal static void SetAside(string path)
    {
        string saved = path + Saved;
        if (HostFileFacts.IsThere(saved))
        {
            int number = 1;
            while (HostFileFacts.IsThere($"{saved}.{number}"))
            {
                number++;
            }

            DurableFile.Move(saved, $"{saved}.{number}");
        }

        DurableFile.Move(path, saved);
    }

    private static void RemoveOurs(string path, InstalledFile? file)
    {
        if (file is not null && HostFileFacts.DigestOf(path) == file.Sha256)
        {
            DurableFile.Delete(path);
        }
    }

    private void Make(InstalledDirectory directory)
    {
        _places.Check($"making {directory.Path}", directory.Path + "/x");
        string path = host.Here(directory.Path);
        if (!Directory.Exists(host.Inside(directory.Path)))
        {
            DurableFile.MakeDirectory(path, (UnixFileMode)directory.Mode, (directory.Uid, directory.Gid));
        }
    }

    private void RemoveIfEmpty(InstalledDirectory directory)
    {
        string path = host.Here(directory.Path);
        if (
            Directory.Exists(path)
            && new FileInfo(path).LinkTarget is null
            && MayRemove(directory.Path)
            && !Directory.EnumerateFileSystemEntries(path).Any()
        )
        {
            try
            {
                DurableFile.DeleteDirectory(path);
            }
            catch (IOException e) when (e.HResult == Errno.EBUSY)
            {
                // Images mount on directories of the host, and such a mount outlives them.
                host.Note($"{path} is left where it is: something is mounted there");
            }
        }
    }
}
