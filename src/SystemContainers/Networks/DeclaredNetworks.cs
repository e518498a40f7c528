// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Networks;

/// <summary>
/// Networks that files declare: made before the containers that name them, and as they were where those fail. A
/// definition changes nothing of the host's network: the start of a container does, so one that a crash has left is
/// taken as it is by the next call.
/// </summary>
/// <param name="note">Told what was made.</param>
sealed class DeclaredNetworks(Host host, Action<string> note)
{
    private readonly NetworkStore _store = host.Target.Networks;
    private readonly List<(string Name, NetworkDefinition? Before)> _made = [];

    /// <summary>Those that are not there, or otherwise.</summary>
    /// <exception cref="SysctrException">Usage: one can't be; Corrupt: one can't be read.</exception>
    public IReadOnlyList<NetworkDefinition> Lacking(IReadOnlyList<NetworkDefinition> declared) =>
        [.. declared.Where(d => !_store.IsAs(d))];

    /// <summary>Makes what is lacking.</summary>
    /// <exception cref="SysctrException">Usage: one can't be; Conflict: its subnet is taken. Then <see cref="Undo"/>
    /// what was made.</exception>
    public void Make(IReadOnlyList<NetworkDefinition> declared)
    {
        using IDisposable held = host.Locks.LockNetworks();
        MakeLocked(declared);
    }

    /// <summary>Refuses what <see cref="Make"/> would, as far as that can be known now; nothing is changed.</summary>
    /// <exception cref="SysctrException">As there.</exception>
    public void Check(IReadOnlyList<NetworkDefinition> declared)
    {
        List<NetworkDefinition> made = [];
        foreach (NetworkDefinition network in Lacking(declared))
        {
            made.Add(_store.Whole(network, made));
        }
    }

    /// <summary>Of what is lacking that which is there otherwise, as it is.</summary>
    /// <exception cref="SysctrException">Corrupt: one can't be read.</exception>
    internal IReadOnlyList<NetworkDefinition> Former(IReadOnlyList<NetworkDefinition> declared) =>
        [.. Lacking(declared).Select(d => _store.Find(d.Name)).OfType<NetworkDefinition>()];

    /// <summary>As <see cref="Make"/>, where the lock is held.</summary>
    internal void MakeLocked(IReadOnlyList<NetworkDefinition> declared)
    {
        foreach (NetworkDefinition network in Lacking(declared))
        {
            NetworkDefinition? before = _store.Find(network.Name);
            NetworkDefinition made = _store.Put(before is null ? network.Marked() : network);
            _made.Add((network.Name, before));

            // Labels are nothing to the containers on it.
            note(
                before is not null && (before with { Labels = made.Labels }).ToJson() == made.ToJson()
                    ? $"network {network.Name}: is as it was, by {network.File}"
                    : $"network {network.Name}: {(before is null ? "made" : "changed, for containers from their next start on")}, {string.Join(", ", made.Subnets.Select(s => s.Subnet))}"
            );
        }
    }

    /// <summary>What <see cref="Make"/> and then <see cref="Prune"/> would do, and what is as it is declared; nothing
    /// is changed.</summary>
    /// <param name="covers">As for <see cref="Unused"/>; null where nothing is removed.</param>
    /// <param name="goes">Deployments that will be gone then.</param>
    /// <param name="coming">Deployments that come: the network of those that name none is made by the first start,
    /// where it is not there.</param>
    /// <param name="named">Networks that come into use besides, of deployments that nobody has prepared.</param>
    /// <exception cref="SysctrException">Usage: one can't be; Conflict: its subnet is taken; Corrupt: one can't be
    /// read.</exception>
    public IReadOnlyList<NetworkChange> Plan(
        IReadOnlyList<NetworkDefinition> declared,
        Func<string, bool>? covers,
        Func<ContainerRecord, bool> goes,
        IEnumerable<ContainerRecord> coming,
        IEnumerable<string>? named = null
    )
    {
        HashSet<string> wanted = [.. coming.SelectMany(new NetworkUsers(host).Of)];
        List<NetworkDefinition> made = [];
        List<NetworkChange> changes = [];
        foreach (NetworkDefinition network in declared)
        {
            NetworkDefinition? before = _store.Find(network.Name);
            NetworkDefinition after =
                before is not null && _store.IsAs(network)
                    ? before
                    : _store.Whole(before is null ? network.Marked() : network, made);
            made.Add(after);
            changes.Add(new NetworkChange(network.Name, network.File, before, after));
        }

        if (
            host.User is null
            && _store.Find(NetworkDefinition.Default) is null
            && wanted.Contains(NetworkDefinition.Default)
            && declared.All(d => d.Name != NetworkDefinition.Default)
        )
        {
            NetworkDefinition usual = _store.Whole(new NetworkDefinition { Name = NetworkDefinition.Default }, made);
            changes.Add(new NetworkChange(usual.Name, null, null, usual));
        }

        wanted.UnionWith(named ?? []);
        return covers is null
            ? changes
            :
            [
                .. changes,
                .. Unused(declared, covers, goes)
                    .Except(wanted, StringComparer.Ordinal)
                    .Select(_store.Find)
                    .OfType<NetworkDefinition>()
                    .Select(n => new NetworkChange(n.Name, n.MadeBy, n, null)),
            ];
    }

    /// <summary>Those that a file has made, that none declares any more, and that no deployment names, not even one to
    /// roll back to.</summary>
    /// <param name="covers">Whether a file was in the places of this call.</param>
    /// <param name="except">Deployments that do not count.</param>
    /// <exception cref="SysctrException">Corrupt: one can't be read.</exception>
    public IReadOnlyList<string> Unused(
        IReadOnlyList<NetworkDefinition> declared,
        Func<string, bool> covers,
        Func<ContainerRecord, bool>? except = null
    )
    {
        HashSet<string> used = [.. new NetworkUsers(host).Networks(except), .. declared.Select(d => d.Name)];
        return
        [
            .. _store
                .All()
                .Where(n => n.MadeBy is { } file && covers(file) && !used.Contains(n.Name))
                .Select(n => n.Name),
        ];
    }

    /// <summary>Takes away what <see cref="Unused"/> names; whoever puts a container on such a network meanwhile is
    /// seen, or told (<see cref="NetworkUsers"/>).</summary>
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

    /// <summary>Puts back what there was. A network that another call has put a container on meanwhile stays. What
    /// can't be put back is told and fails nothing, for the caller has an error that says more.</summary>
    /// <param name="own">The containers of this call.</param>
    public void Undo(IReadOnlyCollection<string> own)
    {
        if (_made.Count == 0)
        {
            return;
        }

        string[] names = [.. _made.Select(m => m.Name)];
        Try(
            $"putting back the network{(names.Length == 1 ? "" : "s")} {string.Join(", ", names)}",
            () => UndoLocked(own)
        );
        _made.Clear();
    }

    private void UndoLocked(IReadOnlyCollection<string> own)
    {
        using IDisposable held = host.Locks.LockNetworks();
        HashSet<string>? used = null;
        if (_made.Exists(m => m.Before is null))
        {
            Try(
                "looking who is on the networks that were made",
                () => used = new NetworkUsers(host).Networks(c => own.Contains(c.Name))
            );
        }

        foreach ((string name, NetworkDefinition? before) in _made)
        {
            if (before is not null)
            {
                Try($"network {name}: putting back what it was", () => _store.Restore(before));
            }
            else if (used?.Contains(name) == false)
            {
                Try($"network {name}: removing it again", () => _store.Remove(name));
            }
            else
            {
                note($"network {name}: stays; another container {(used is null ? "may be" : "is")} on it by now");
            }
        }
    }

    private void Try(string doing, Action undo)
    {
        try
        {
            undo();
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            note($"warning: {doing}: {e.Message}");
        }
    }
}
