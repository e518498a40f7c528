// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Networks;

/// <summary>
/// Who is on a network by name, for whoever wants to take it away and holds <see cref="HostLocks.LockNetworks"/>. A
/// transaction looks for its networks under the same lock once its deployments are staged, and they are seen here from
/// then on: either it finds that the network is gone, or it is found.
/// </summary>
sealed class NetworkUsers(Host host)
{
    /// <summary>The networks of every deployment: in use, kept for a rollback, run once, or about to be used.</summary>
    /// <param name="except">A deployment that does not count.</param>
    /// <exception cref="Errors.SysctrException">Corrupt: a record can't be read.</exception>
    public HashSet<string> Networks(Func<ContainerRecord, bool>? except = null) =>
        [.. host.Catalog.All().Where(c => except?.Invoke(c) != true).SelectMany(Of)];

    /// <summary>The containers of a network, but for those that would be on it after a rollback alone.</summary>
    /// <exception cref="Errors.SysctrException">Corrupt: a record can't be read.</exception>
    public string[] Containers(string network)
    {
        // In the order in which a deployment comes into use, so that none slips through: staged, under way, in use.
        HashSet<string> users = [.. host.Catalog.Staged().Where(c => Of(c).Contains(network)).Select(c => c.Name)];
        users.UnionWith(
            host.Transactions.Pending(static _ => { })
                .SelectMany(t => t.Record.Changes)
                .Where(c => c.After is { } after && Of(after).Contains(network))
                .Select(c => c.Name)
        );
        users.UnionWith(
            host.Catalog.All()
                .Where(c => !host.Catalog.IsInstalled(c.Name) && Of(c).Contains(network))
                .Select(c => c.Name)
        );
        users.UnionWith(host.Catalog.List().Where(c => Of(c).Contains(network)).Select(c => c.Name));
        return [.. users.Order(StringComparer.Ordinal)];
    }

    /// <summary>The networks that a deployment names.</summary>
    public IEnumerable<string> Of(ContainerRecord record) =>
        record.Options is null ? [] : NetworkRequest.Names(record.Settings, host.User is not null);
}
