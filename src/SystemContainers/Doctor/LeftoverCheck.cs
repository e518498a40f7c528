// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.State;
using SystemContainers.Store;

namespace SystemContainers.Doctor;

/// <summary>What killed processes have left: intents that nobody ends, half deployments, what was being added to the
/// store, scratch directories.</summary>
static class LeftoverCheck
{
    private const string Name = "leftovers";
    private const string Recover = "'sysctr recover' ends or removes it, as the next call that changes containers does";

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target)
    {
        List<DoctorFinding> findings = [];
        if (target.IsRoot || target.User is not null)
        {
            IReadOnlyList<LockCheck.HeldLock> locks = LockCheck.Held(target);
            findings.AddRange(Intents(target, locks));
            findings.AddRange(Staged(target));
            findings.AddRange(Deployments(target, locks));
        }
        else if (Directory.Exists(target.Store))
        {
            findings.Add(
                DoctorFinding.Unknown(Name, "transactions in the store were not looked at", "call it as root")
            );
        }

        findings.AddRange(Scratch(target));
        return findings.Count > 0 ? findings : [DoctorFinding.Ok(Name, "none")];
    }

    private static IEnumerable<DoctorFinding> Intents(DoctorTarget target, IReadOnlyList<LockCheck.HeldLock> locks)
    {
        foreach (string file in new IntentRecords(target.Store).Files())
        {
            yield return Intent(target, file, locks) ?? DoctorFinding.Ok(Name, $"{file} has just ended");
        }
    }

    private static DoctorFinding? Intent(DoctorTarget target, string file, IReadOnlyList<LockCheck.HeldLock> locks)
    {
        try
        {
            // A FIFO in its place would hold the reader up.
            _ = BoundedFile.Read("/", file, 64 << 20);
            PendingTransaction pending = IntentRecords.Read(file);
            string what =
                TransactionRecord.Article(pending.Record.Operation)
                + (pending.Record.IsOfStore ? "" : $" of {string.Join(", ", pending.Record.Names)}");
            bool live = pending.Record.IsOfStore
                ? LockCheck.IsHeld(target, "+store", locks)
                : pending.Record.Names.All(n => LockCheck.IsHeld(target, n, locks));
            return !File.Exists(file) ? null
                : live ? DoctorFinding.Ok(Name, $"{what} is under way")
                : DoctorFinding.Problem(Name, $"{what} was cut off ({file})", Recover);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return DoctorFinding.Problem(
                Name,
                e.Message,
                (e as SysctrException)?.Hint ?? "move it away, and look with 'sysctr fsck' at what it was about"
            );
        }
    }

    private static IEnumerable<DoctorFinding> Staged(DoctorTarget target)
    {
        string staging = Path.Join(target.Store, "staging");
        int abandoned = Staging.Abandoned(staging).Count();
        return abandoned == 0
            ? []
            :
            [
                DoctorFinding.Warning(
                    Name,
                    $"{staging} has {abandoned} director{(abandoned == 1 ? "y" : "ies")} of processes that died while they added to the store",
                    Recover
                ),
            ];
    }

    private static IEnumerable<DoctorFinding> Deployments(
        DoctorTarget target,
        IReadOnlyList<LockCheck.HeldLock> locks
    ) =>
        from name in target.Catalog.DirectoryNames()
        where target.Catalog.StagedNumbers(name).Count > 0 && !LockCheck.IsHeld(target, name, locks)
        select DoctorFinding.Warning(
            Name,
            $"'{name}' has a deployment that was being put together when its process died",
            Recover
        );

    private static IEnumerable<DoctorFinding> Scratch(DoctorTarget target)
    {
        IReadOnlyList<string> dead = target.IsRunning ? ScratchDirectory.Abandoned(target.Store) : [];
        return dead.Count == 0
            ? []
            :
            [
                DoctorFinding.Warning(
                    Name,
                    $"{dead[0]}{(dead.Count == 1 ? "" : $" and {dead.Count - 1} more")}: scratch of processes that died",
                    Recover
                ),
            ];
    }
}
