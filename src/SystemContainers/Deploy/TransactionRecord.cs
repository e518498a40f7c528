namespace SystemContainers.Deploy;

/// <summary>
/// An intent record, <c>transactions/ID.json</c>: what is about to happen to the host. It is durable before the first change
/// and removed after the last. Whoever finds one that no process holds ends it: an install is taken back and an
/// uninstall is finished, both by removing what the records name.
/// </summary>
/// <param name="Operation">Which it is.</param>
/// <param name="Containers">What is installed or uninstalled.</param>
/// <param name="Purge">Whether an uninstall removes the state directories.</param>
sealed record TransactionRecord(TransactionKind Operation, IReadOnlyList<ContainerRecord> Containers, bool Purge = false)
{
    /// <summary>Whether the container of that name is part of it.</summary>
    public bool Concerns(string name) => Containers.Any(c => c.Name == name);
}

/// <summary>The kinds of transaction.</summary>
enum TransactionKind
{
    /// <summary>New containers: taken back when it breaks off.</summary>
    Install,

    /// <summary>Containers go: finished when it breaks off.</summary>
    Uninstall,
}
