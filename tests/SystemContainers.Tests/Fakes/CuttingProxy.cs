// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Fakes;

/// <summary>Cuts the first connections of those that send more than so many bytes.</summary>
/// <param name="target">Where to.</param>
/// <param name="after">Bytes of the client's.</param>
/// <param name="cuts">How many connections are cut.</param>
public sealed class CuttingProxy(string target, long after, int cuts) : ForwardingProxy(target)
{
    private int _cuts = cuts;

    /// <summary>How many cuts are left.</summary>
    public int Left => _cuts;

    protected override bool Pass(bool isClients, int count, long passed) =>
        !isClients || passed <= after || Interlocked.Decrement(ref _cuts) < 0;
}
