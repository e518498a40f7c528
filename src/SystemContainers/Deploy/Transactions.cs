using SystemContainers.Linux;

namespace SystemContainers.Deploy;

/// <summary>The intent records of what is under way, <c>transactions/ID.json</c>.</summary>
/// <param name="storeHere">The store as this process sees it.</param>
sealed class Transactions(string storeHere)
{
    private string Root => Path.Join(storeHere, "transactions");

    /// <summary>Makes an intent durable. From here on it is carried out or taken back, whatever happens to this process.</summary>
    /// <returns>Its file, for <see cref="End"/>.</returns>
    public string Begin(TransactionRecord record)
    {
        Directory.CreateDirectory(Root);
        string file = Path.Join(Root, $"{Guid.NewGuid():N}.json");
        DeployJson.Write(file, record, DeployJson.Default.TransactionRecord);
        return file;
    }

    /// <summary>The commit: what the intent said is done, or wholly taken back.</summary>
    public static void End(string file) => DurableFile.Delete(file);

    /// <summary>The intents that nobody has ended, of live processes or of dead ones.</summary>
    public IReadOnlyList<(string File, TransactionRecord Record)> Pending()
    {
        List<(string File, TransactionRecord Record)> pending = [];
        foreach (string file in Directory.Exists(Root) ? Directory.GetFiles(Root, "*.json") : [])
        {
            try
            {
                pending.Add((file, DeployJson.Read(file, DeployJson.Default.TransactionRecord)));
            }
            catch (FileNotFoundException)
            {
                // Its process has ended it since the directory was read.
            }
        }

        return pending;
    }
}
