// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using SystemContainers.Target;

namespace SystemContainers.Networks;

/// <summary>Declared networks as part of the transaction that applies the files.</summary>
/// <param name="networks">Makes them.</param>
/// <param name="containers">Those of the call.</param>
sealed class AppliedNetworks(
    Host host,
    DeclaredNetworks networks,
    IReadOnlyList<NetworkDefinition> declared,
    IReadOnlyCollection<string> containers
) : ITransactionNetworks
{
    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => [.. declared.Select(d => d.Name)];

    /// <inheritdoc/>
    public IDisposable Lock() => host.Locks.LockNetworks();

    /// <inheritdoc/>
    public IReadOnlyList<NetworkDefinition> Former() => networks.Former(declared);

    /// <inheritdoc/>
    public void Make() => networks.MakeLocked(declared);

    /// <inheritdoc/>
    public void Undo() => networks.Undo(containers);
}
