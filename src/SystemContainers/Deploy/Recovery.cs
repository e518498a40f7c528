using SystemContainers.Linux;

namespace SystemContainers.Deploy;

/// <summary>Ends what a killed sysctr has begun. Safe beside live ones: whatever they work on is locked.</summary>
sealed class Recovery(Host host)
{
    public void Run(CancellationToken cancellation)
    {
        foreach ((string file, TransactionRecord record) in host.Transactions.Pending())
        {
            cancellation.ThrowIfCancellationRequested();
            using IDisposable? locks = host.TryLockContainers([.. record.Containers.Select(c => c.Name)]);

            // Without the lock a live process is at it; without the file it has just ended it.
            if (locks is null || !File.Exists(file))
            {
                continue;
            }

            ContainerRemover remover = new(host);
            foreach (ContainerRecord container in record.Containers)
            {
                remover.Remove(container, record.Purge, CancellationToken.None);
                host.Note(record.Operation == TransactionKind.Install
                    ? $"{container.Name}: an install was cut off; took it back"
                    : $"{container.Name}: an uninstall was cut off; finished it");
            }

            Transactions.End(file);
        }

        RemoveOrphans();
    }

    /// <summary>Removes deployments that were being put together when their process died: no transaction knew them yet.</summary>
    private void RemoveOrphans()
    {
        string deployments = Path.Join(host.StoreHere, "deployments");
        if (!Directory.Exists(deployments))
        {
            return;
        }

        foreach (string directory in Directory.GetDirectories(deployments))
        {
            string name = Path.GetFileName(directory);
            if (host.Catalog.IsInstalled(name))
            {
                continue;
            }

            using IDisposable? held = host.TryLockContainers([name]);
            if (held is not null && !host.Catalog.IsInstalled(name) && !host.Transactions.Pending().Any(t => t.Record.Concerns(name)))
            {
                TreeRemoval.Remove(directory);
            }
        }
    }
}
