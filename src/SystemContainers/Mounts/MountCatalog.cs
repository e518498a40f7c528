// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Mounts;

/// <summary>The mounts that sysctr made and that are still there: <c>mounts/</c> of the store, held against what is
/// mounted.</summary>
sealed class MountCatalog(HostTarget host, HostLocks locks)
{
    private static string BootId => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static string Namespace => new FileInfo("/proc/self/ns/mnt").LinkTarget ?? "";

    private string Root => Path.Join(host.StoreHere, "mounts");

    /// <summary>The record of a place below <c>mounts/</c>.</summary>
    public static string InfoFile(string place) => Path.Join(place, "info.json");

    /// <summary>What is mounted and stays, oldest first.</summary>
    public IReadOnlyList<MountRecord> List() => [.. Live().Select(m => m.Record).Where(m => m.Owner is null)];

    /// <summary>Who looks at a deployment, so that it has to stay; null for nobody.</summary>
    public MountRecord? Holding(string container, int deployment) =>
        Live()
            .Select(m => m.Record)
            .FirstOrDefault(m => m.Kind == MountKind.Container && m.Name == container && m.Deployment == deployment);

    /// <summary>Held while one is made or taken away.</summary>
    public IDisposable Lock(CancellationToken cancellation) => locks.LockMounts(cancellation);

    /// <summary>Held by whoever takes away what may be looked at, until it is gone or an intent says that it goes:
    /// nobody begins to look at it. Does not wait.</summary>
    /// <param name="held">The lock; null also where a full disk has no room for its file, for then nobody can have it,
    /// and what gives room back must not ask for any.</param>
    /// <returns>Whether nobody mounts anything just now.</returns>
    public bool TryQuiet(out IDisposable? held)
    {
        try
        {
            held = locks.TryLockMounts();
            return held is not null;
        }
        catch (IOException e) when (HostFailure.IsFull(e))
        {
            held = null;
            return true;
        }
    }

    /// <summary>As <see cref="TryQuiet"/>, and waits.</summary>
    public IDisposable? Quiet(CancellationToken cancellation)
    {
        try
        {
            return locks.LockMounts(cancellation);
        }
        catch (IOException e) when (HostFailure.IsFull(e))
        {
            return null;
        }
    }

    /// <summary>The record of a mount that is about to be made here and now.</summary>
    public MountRecord NewRecord(string directory, MountSource source, string options) =>
        new(directory, source.Kind, source.Name, options, DateTimeOffset.UtcNow, BootId, Namespace)
        {
            Deployment = source.Container?.Deployment,
        };

    /// <summary>Sees to it that a deployment stays while this process looks at it, by a record as a mount has
    /// it.</summary>
    /// <param name="directory">From where it is looked at.</param>
    /// <param name="source">Whose files; an image's can be checked out there.</param>
    /// <exception cref="SysctrException">As <see cref="RequireStaying"/>.</exception>
    public MountHold Hold(string directory, MountSource source, CancellationToken cancellation)
    {
        using IDisposable held = Lock(cancellation);
        RequireStaying("looking at", source);
        string place = Path.Join(Root, Guid.NewGuid().ToString("N"));
        try
        {
            RemoveStale();
            MakeRoot();
            Directory.CreateDirectory(place);
            RecordDocument.Write(
                InfoFile(place),
                NewRecord(directory, source, "ro,nosuid,nodev,noexec") with
                {
                    Owner = ProcessMark.NewName(),
                },
                MountsJson.Default.MountRecord
            );
        }
        catch (IOException e) when (HostFailure.IsReadOnly(e))
        {
            // From a disk that can't be written nobody removes a deployment either.
        }

        return new MountHold(place);
    }

    /// <summary>Refuses what is about to go: whoever takes it away has made sure that nobody looks at it, and does not
    /// look again. The lock is held.</summary>
    /// <param name="doing">What is to be done with it, for messages.</param>
    /// <param name="source">What was found.</param>
    /// <exception cref="SysctrException">Conflict: it is being uninstalled; NotFound: it has gone since it was
    /// found.</exception>
    public void RequireStaying(string doing, MountSource source)
    {
        if (source.Container is not { } container)
        {
            return;
        }

        if (
            new IntentRecords(host.StoreHere)
                .Pending(static _ => { })
                .Any(t => t.Record.Changes.Any(c => c.After is null && c.Name == container.Name))
        )
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"{doing} {container.Name}: it is being uninstalled",
                "'sysctr recover' says what keeps it, where no other sysctr is at it"
            );
        }

        if (!Directory.Exists(host.Deployment(container.Name, container.Deployment).Here))
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"{doing} {container.Name}: deployment {container.Deployment} has gone meanwhile",
                "call it again: another one is in use by now, if the container is there still"
            );
        }
    }

    /// <summary>A place that nobody has.</summary>
    public string NewPlace()
    {
        MakeRoot();
        return Path.Join(Root, Guid.NewGuid().ToString("N"));
    }

    private void MakeRoot() =>
        Directory.CreateDirectory(Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Where they are kept, with their records.</summary>
    public IEnumerable<(string Place, MountRecord Record)> Live()
    {
        HashSet<string> mounted = [.. MountTable.MountPoints()];
        return Places()
            .Select(p => (Place: p, Record: Read(p)!))
            .Where(m => m.Record is not null && IsLive(m.Record, mounted))
            .OrderBy(m => m.Record.MountedAt);
    }

    /// <summary>Removes what a reboot, a crash or umount(8) has left. The lock is held.</summary>
    public void RemoveStale()
    {
        HashSet<string> mounted = [.. MountTable.MountPoints()];
        foreach (string place in Places())
        {
            if (Read(place) is not { } record || !IsLive(record, mounted))
            {
                // The metadata of a tree, which whoever was killed had not put under the tree yet.
                string real = RealPath.Of(place);
                MountTable.Detach(point => point.StartsWith(real + "/", StringComparison.Ordinal));
                TreeRemoval.Remove(place);
            }
        }
    }

    /// <summary>The same for those who do not hold the lock; whoever holds it does it himself.</summary>
    public void Recover()
    {
        if (Places().Length == 0)
        {
            return;
        }

        using IDisposable? held = locks.TryLockMounts();
        if (held is not null)
        {
            RemoveStale();
        }
    }

    private string[] Places() =>
        Directory.Exists(Root)
            ? [.. Directory.GetDirectories(Root).Where(d => Path.GetFileName(d) != DirectoryNames.OfFileSystem)]
            : [];

    private static MountRecord? Read(string place)
    {
        try
        {
            return File.Exists(InfoFile(place))
                ? RecordDocument.Read(InfoFile(place), MountsJson.Default.MountRecord)
                : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Whoever looked at it has just ended.
            return null;
        }
    }

    /// <summary>In another namespace of this boot it may be mounted without our seeing it.</summary>
    private static bool IsLive(MountRecord record, HashSet<string> mounted) =>
        record.BootId == BootId
        && (
            record.Owner is { } owner
                ? !ProcessMark.IsOfDead(owner)
                : record.Namespace != Namespace || mounted.Contains(record.Directory)
        );
}
