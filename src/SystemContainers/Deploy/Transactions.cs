using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Deploy;

/// <summary>The intent records of what is under way, <c>transactions/ID.json</c>, and once committed <c>ID.committed.json</c>.</summary>
/// <param name="storeHere">The store as this process sees it.</param>
sealed class Transactions(string storeHere)
{
    private const string Ending = ".json";
    private const string CommittedEnding = ".committed.json";

    private string Root => Path.Join(storeHere, "transactions");

    /// <summary>Makes an intent durable. From here on it is carried out or taken back, whatever happens to this process.</summary>
    /// <returns>Its file, for <see cref="Commit"/> and <see cref="End"/>.</returns>
    public string Begin(TransactionRecord record)
    {
        Directory.CreateDirectory(Root);
        string file = Path.Join(Root, Guid.NewGuid().ToString("N") + Ending);
        DeployJson.Write(file, record, DeployJson.Default.TransactionRecord);
        return file;
    }

    /// <summary>The one step after which the new state holds: a crash before it is taken back, one after it is finished.</summary>
    /// <returns>The intent's file from now on.</returns>
    public static string Commit(string file)
    {
        string committed = file[..^Ending.Length] + CommittedEnding;
        try
        {
            DurableFile.Move(file, committed);
            return committed;
        }
        catch (IOException)
        {
            // The name may have changed and only its sync have failed: what is told to have failed must not be finished later.
            _ = Libc.rename(committed, file);
            throw;
        }
    }

    /// <summary>The transaction's ID, the same before and after the commit.</summary>
    public static string Id(string file) => Path.GetFileName(file).Split('.')[0];

    /// <summary>What the intent said is done, or wholly taken back.</summary>
    public static void End(string file) => DurableFile.Delete(file);

    /// <summary>The intents that nobody has ended, of live processes or of dead ones.</summary>
    public IReadOnlyList<PendingTransaction> Pending()
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
        }

        return pending;
    }

    /// <summary>The files of these intents. A name with a dot in front is a record that is being written.</summary>
    public IEnumerable<string> Files() =>
        Directory.Exists(Root) ? Directory.GetFiles(Root, "*" + Ending).Where(f => !Path.GetFileName(f).StartsWith('.')) : [];

    /// <summary>Reads one of <see cref="Files"/>.</summary>
    /// <exception cref="Errors.SysctrException">Corrupt: it is not what we write.</exception>
    public static PendingTransaction Read(string file) => new(
        file, file.EndsWith(CommittedEnding, StringComparison.Ordinal), DeployJson.Read(file, DeployJson.Default.TransactionRecord));
}

/// <summary>A transaction that nobody has ended.</summary>
/// <param name="File">Its intent record.</param>
/// <param name="IsCommitted">It is finished, not taken back.</param>
/// <param name="Record">What it does.</param>
sealed record PendingTransaction(string File, bool IsCommitted, TransactionRecord Record);
