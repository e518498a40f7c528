// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Network;

/// <summary>Networks that a transaction changes beside its containers: after its intent is durable, and before anything
/// stops or starts.</summary>
interface ITransactionNetworks
{
    /// <summary>Those that are there once they are made.</summary>
    IReadOnlyCollection<string> Names { get; }

    /// <summary>Held from <see cref="Former"/> to the end of <see cref="Make"/>.</summary>
    IDisposable Lock();

    /// <summary>What the networks are that <see cref="Make"/> changes, for the intent: whoever ends it puts them
    /// back.</summary>
    IReadOnlyList<NetworkDefinition> Former();

    void Make();

    /// <summary>Puts back what there was, before what ran starts again; fails nothing.</summary>
    void Undo();
}
