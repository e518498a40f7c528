// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;

namespace SystemContainers.State;

/// <summary>The intent records of what is under way, <c>transactions/ID.json</c>, and once committed
/// <c>ID.committed.json</c>.</summary>
/// <param name="storeHere">The store as this process sees it.</param>
/// <param name="outcome">Told of each intent that this call begins; null where nobody asks.</param>
/// <param name="hasReserve">Whether there is room to be kept for intents; not in a store for one call.</param>
sealed class IntentRecords(string storeHere, CallOutcome? outcome = null, bool hasReserve = true)
{
    private const string Ending = ".json";
    private const string CommittedEnding = ".committed.json";

    private const string Advice = "move it away, and look with 'sysctr fsck' at what it was about";

    /// <summary>What an intent of many containers takes.</summary>
    private const int ReservedBytes = 128 << 10;

    /// <summary>As many reserves have to be free for one to be made: where room is about to be short, what there is
    /// belongs to whoever is at work.</summary>
    private const int FreeReserves = 16;

    private string Root => Path.Join(storeHere, "transactions");

    /// <summary>Room that is taken as long as there is some: on a full disk it becomes an intent, for what gives room
    /// back, such as an uninstall, has to begin with one.</summary>
    private string Reserve => Path.Join(storeHere, "reserve");

    /// <summary>Makes an intent durable. From here on it is carried out or rolled back, whatever happens to this
    /// process.</summary>
    /// <returns>Its file, for <see cref="Commit"/> and <see cref="End"/>.</returns>
    /// <exception cref="IOException">There is no intent.</exception>
    public string Begin(TransactionRecord record)
    {
        Directory.CreateDirectory(Root);
        string file = Path.Join(Root, Guid.NewGuid().ToString("N") + Ending);
        // Before: the name is there, and counts, before the write has returned.
        outcome?.Began(file, record);
        try
        {
            Write(file, RecordDocument.Bytes(record, StateJson.Default.TransactionRecord), record.MayTakeReserve);
            KeepReserve();
            return file;
        }
        catch
        {
            // The name may be there and only its sync have failed: an uninstall that is told to have failed must not be
            // finished later.
            File.Delete(file);
            throw;
        }
    }

    /// <summary>Leaves in an intent what is still to be done, durably and in one step. What else it named is done, and
    /// nobody's from here on: it is never done again.</summary>
    /// <param name="file">The intent, committed or not.</param>
    /// <param name="note">Told where the disk does not even take that: then it is as it was.</param>
    public void Reduce(string file, TransactionRecord left, Action<string> note)
    {
        try
        {
            Write(file, RecordDocument.Bytes(left, StateJson.Default.TransactionRecord), mayTakeReserve: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            note($"warning: {e.Message}; what is done stays in the intent beside what is left to be done");
        }
    }

    /// <summary>Writes an intent on the room that is there; where there is none, on what is kept for that.</summary>
    private void Write(string file, byte[] content, bool mayTakeReserve)
    {
        try
        {
            DurableFile.Write(file, content, RecordDocument.Mode);
        }
        catch (IOException e) when (HostFailure.IsFull(e) && mayTakeReserve)
        {
            if (TakeReserve() is not { } room)
            {
                throw;
            }

            try
            {
                WriteOver(room, content, file);
            }
            catch (IOException over) when (HostFailure.IsFull(over))
            {
                // Where what is written over gets new blocks (btrfs, ZFS), they are free once the old ones are gone.
                DurableFile.SyncFileSystem(Root);
                DurableFile.Write(file, content, RecordDocument.Mode);
            }
        }
    }

    /// <summary>No call fails for want of it: the next one tries again. Of random bytes, for a file system may keep
    /// zeros as nothing.</summary>
    private void KeepReserve()
    {
        try
        {
            if (
                hasReserve
                && !File.Exists(Reserve)
                && FileSystemSpace.Of(Root).FreeToRoot >= (long)FreeReserves * ReservedBytes
            )
            {
                DurableFile.Write(Reserve, RandomNumberGenerator.GetBytes(ReservedBytes), RecordDocument.Mode);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Where there is no room for it there is none to keep.
        }
    }

    /// <summary>Takes the reserve, so that no other call writes over it too.</summary>
    /// <returns>Its file by now, which is whoever took it's; null where there is none.</returns>
    private string? TakeReserve()
    {
        string taken = DurableFile.Beside(Path.Join(Root, "reserve"));
        FaultPoint.Pass("rename");
        return Libc.rename(Reserve, taken) == 0 ? taken : null;
    }

    /// <summary>Writes where there is room already, and gives it its name when it is whole and durable.</summary>
    private static void WriteOver(string room, byte[] content, string file)
    {
        try
        {
            using (
                SafeFileHandle handle = Libc.open(
                    room,
                    OpenFlags.WriteOnly | OpenFlags.NoFollow | OpenFlags.NonBlock | OpenFlags.CloseOnExec,
                    0
                )
            )
            {
                if (handle.IsInvalid)
                {
                    throw LinuxException.Last("open", room);
                }

                FaultPoint.Pass("pwrite64");
                RandomAccess.Write(handle, content, 0);
                RandomAccess.SetLength(handle, content.Length);
                FaultPoint.Pass("fsync");
                RandomAccess.FlushToDisk(handle);
            }

            DurableFile.Move(room, file);
        }
        catch
        {
            File.Delete(room);
            throw;
        }
    }

    /// <summary>Commit point. Recovery rolls an uncommitted intent back and a committed one forward.</summary>
    /// <returns>The intent's file from now on.</returns>
    public static string Commit(string file)
    {
        string committed = CommittedName(file);
        try
        {
            DurableFile.Move(file, committed);
            return committed;
        }
        catch
        {
            // The name may have changed and only its sync have failed: what is told to have failed must not be finished
            // later.
            _ = Libc.rename(committed, file);
            throw;
        }
    }

    /// <summary>The name that an intent has once it is committed.</summary>
    internal static string CommittedName(string file) => file[..^Ending.Length] + CommittedEnding;

    /// <summary>The transaction's ID, the same before and after the commit.</summary>
    public static string Id(string file) => Path.GetFileName(file).Split('.')[0];

    /// <summary>What the intent said is done, or wholly rolled back.</summary>
    public static void End(string file) => DurableFile.Delete(file);

    /// <summary>As <see cref="End"/> where the outcome holds already: what fails is said, and left to the next call,
    /// which ends it again.</summary>
    public static void EndLater(string file, Action<string> note)
    {
        try
        {
            End(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            note($"warning: {e.Message}; the next call of sysctr tidies up");
        }
    }

    /// <summary>Whether there are any, without reading them.</summary>
    public bool Any => Files().Any();

    /// <summary>The intents that nobody has ended, of live processes or of dead ones.</summary>
    /// <param name="unusable">Called for every unusable intent; null where the first one throws.</param>
    /// <exception cref="SysctrException">Corrupt: one can't be used, and nobody is told.</exception>
    public IReadOnlyList<PendingTransaction> Pending(Action<SysctrException>? unusable = null)
    {
        List<PendingTransaction> pending = [];
        foreach (string file in Files())
        {
            try
            {
                pending.Add(Read(file));
            }
            catch (FileNotFoundException)
            {
                // Its process has ended it since the directory was read.
            }
            catch (SysctrException e) when (unusable is not null)
            {
                unusable(e);
            }
        }

        return pending;
    }

    /// <summary>Whether an intent that can be read names a container.</summary>
    public bool Involve(string name) => Involve(name, static _ => { });

    /// <summary>Whether an intent names a container, or may: one that can't be read may be of any.</summary>
    public bool MayInvolve(string name)
    {
        bool unusable = false;
        return Involve(name, _ => unusable = true) || unusable;
    }

    private bool Involve(string name, Action<SysctrException> unusable) =>
        Pending(unusable).Any(t => t.Record.Involves(name));

    /// <summary>The files of these intents. A name with a dot in front is a record that is being written.</summary>
    public IEnumerable<string> Files() =>
        Directory.Exists(Root)
            ? Directory.GetFiles(Root, "*" + Ending).Where(f => !Path.GetFileName(f).StartsWith('.'))
            : [];

    /// <summary>Reads one of <see cref="Files"/>.</summary>
    /// <exception cref="SysctrException">Corrupt: it is not what we write.</exception>
    public static PendingTransaction Read(string file)
    {
        TransactionRecord record;
        try
        {
            record = RecordDocument.Read(file, StateJson.Default.TransactionRecord);
        }
        catch (SysctrException e)
        {
            throw new SysctrException(e.Kind, e.Message, Advice, e);
        }

        return record.Complaint is { } complaint
            ? throw new SysctrException(ErrorKind.Corrupt, $"reading {file}: {complaint}", Advice)
            : new PendingTransaction(file, file.EndsWith(CommittedEnding, StringComparison.Ordinal), record);
    }
}

/// <summary>A transaction that nobody has ended.</summary>
/// <param name="IsCommitted">It is finished, not rolled back.</param>
/// <param name="Record">What it does.</param>
sealed record PendingTransaction(string File, bool IsCommitted, TransactionRecord Record);
