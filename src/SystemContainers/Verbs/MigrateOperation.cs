// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>
/// Gives all layers of the store the objects that a form of checkout is made of, without the registry. Layer by layer,
/// each as a whole or not at all: what is cut goes on with the next call. The old objects stay until a prune, and until
/// then the way back costs no more than the way there.
/// </summary>
sealed class MigrateOperation(Host host, Action<string> note)
{
    /// <summary>Converts what has the other form.</summary>
    /// <param name="form">The checkouts that are to come.</param>
    /// <param name="cancellation">Honoured between layers, and while another sysctr is waited for.</param>
    /// <returns>How many layers were converted.</returns>
    /// <exception cref="SysctrException">Corrupt: a layer is not whole, and stays as it was; Storage: the disk is full
    /// or fails; Locked: another sysctr uses the store for too long.</exception>
    public async Task<int> RunAsync(CheckoutForm form, CancellationToken cancellation)
    {
        await host.RecoverAsync(cancellation);
        using IDisposable alone = host.Locks.LockStore(cancellation);
        ContentStore store = host.OpenStore();
        HashSet<Digest> mounted = form == CheckoutForm.Composefs ? [] : host.MountedLayers();
        SysctrException? broken = null;
        int kept = 0;
        int converted = 0;
        foreach (Digest layer in store.Layers())
        {
            cancellation.ThrowIfCancellationRequested();
            if (mounted.Contains(layer))
            {
                kept++;
            }
            else
            {
                try
                {
                    converted += store.Convert(
                        layer,
                        form == CheckoutForm.Composefs ? ObjectForm.Content : ObjectForm.Inode
                    )
                        ? 1
                        : 0;
                }
                catch (SysctrException e) when (e.Kind == ErrorKind.Corrupt)
                {
                    // The others can be converted all the same.
                    note(e.Message);
                    broken ??= e;
                }
            }
        }

        if (broken is not null)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"converting the store: {converted} layers were converted, and what was told of stayed as it was",
                broken.Hint,
                broken
            );
        }

        if (kept > 0)
        {
            note(
                $"{kept} layers stay as they are, for deployments that each start mounts need them; 'sysctr update --checkout hardlinks NAME' and 'sysctr prune' free them"
            );
        }

        return converted;
    }
}
