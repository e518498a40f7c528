// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using SystemContainers.Settings;
using SystemContainers.Target;

namespace SystemContainers.Networks;

/// <summary>
/// Networks that files declare: made before the containers that name them, and as they were where those fail. A definition changes nothing of the host's network: the start of a container
/// does, so one that a crash has left is taken as it is by the next call.
/// </summary>
/// <param name="host">Where.</param>
/// <param name="note">Told what was made.</param>
sealed class DeclaredNetworks(Host host, Action<string> note)
{
    private readonly NetworkStore _store = new(host.Here(NetworkStore.OnHost));
    private readonly List<(string Name, NetworkDefinition? Before)> _made = [];

    /// <summary>Those that are not there, or otherwise.</summary>
    /// <exception cref="Errors.SysctrException">Usage: one can't be; Corrupt: one can't be read.</exception>
    public IReadOnlyList<NetworkDefinition> Lacking(IReadOnlyList<NetworkDefinition> declared) => [.. declared.Where(d => !_store.IsAs(d))];

    /// <summary>Makes what is lacking.</summary>
    /// <exception cref="Errors.SysctrException">Usage: one can't be; Conflict: its subnet is taken. Then <see cref="Undo"/> what was made.</exception>
    public void Make(IReadOnlyList<NetworkDefinition> declared)
    {
        using IDisposable held = host.Locks.LockNetworks();
        foreach (NetworkDefinition network in Lacking(declared))
        {
            NetworkDefinition? before = _store.Find(network.Name);
            NetworkDefinition made = _store.Put(before is null ? network.Marked() : network);
            _made.Add((network.Name, before));

            // Labels are nothing to the containers on it.
            note(before is not null && (before with { Labels = made.Labels }).ToJson() == made.ToJson()
                ? $"network {network.Name}: is as it was, by {network.File}"
                : $"network {network.Name}: {(before is null ? "made" : "changed, for containers from their next start on")}, {string.Join(", ", made.Subnets.Select(s => s.Subnet))}");
        }
    }

    /// <summary>Those that a file has made, that none declares any more, and that no deployment names, not even one to roll back to.</summary>
    /// <param name="declared">What is declared.</param>
    /// <param name="covers">Whether a file was in the places of this call.</param>
    /// <exception cref="Errors.SysctrException">Corrupt: one can't be read.</exception>
    public IReadOnlyList<string> Unused(IReadOnlyList<NetworkDefinition> declared, Func<string, bool> covers)
    {
        HashSet<string> used =
        [
            .. host.Catalog.All().Where(c => c.Options is not null).SelectMany(c => NetworkRequest.Names(new ContainerSettings(c.Options!))),
            .. declared.Select(d => d.Name),
        ];
        return [.. _store.All().Where(n => n.MadeBy is { } file && covers(file) && !used.Contains(n.Name)).Select(n => n.Name)];
    }

    /// <summary>
    /// Takes away what <see cref="Unused"/> names. Another call of <c>network</c> or <c>apply</c> is waited for, but not one that installs a container on such a network meanwhile: where
    /// that was not seen its start says that the network is not there.
    /// </summary>
    /// <returns>Whether there was one.</returns>
    public bool Prune(IReadOnlyList<NetworkDefinition> declared, Func<string, bool> covers)
    {
        using IDisposable held = host.Locks.LockNetworks();
        IReadOnlyList<string> unused = Unused(declared, covers);
        foreach (string name in unused)
        {
            _store.Remove(name);
            note($"network {name}: removed; no file declares it any more");
        }

        return unused.Count > 0;
    }

    /// <summary>Puts back what there was.</summary>
    public void Undo()
    {
        if (_made.Count == 0)
        {
            return;
        }

        using IDisposable held = host.Locks.LockNetworks();
        foreach ((string name, NetworkDefinition? before) in _made)
        {
            _store.Remove(name);
            if (before is not null)
            {
                _store.Put(before);
            }
        }

        _made.Clear();
    }
}
