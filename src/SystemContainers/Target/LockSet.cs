// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Target;

/// <summary>Several locks that are given back together, last taken first.</summary>
sealed class LockSet : IDisposable
{
    private readonly Stack<IDisposable> _held = [];

    /// <summary>Takes the lock of every name, in one order for all callers, so that no two of them wait for each
    /// other.</summary>
    /// <returns>Null where <paramref name="take"/> gave null for one of them; then none is held.</returns>
    public static LockSet? Take(IEnumerable<string> names, Func<string, IDisposable?> take)
    {
        LockSet locks = new();
        try
        {
            foreach (string name in names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                if (take(name) is not { } held)
                {
                    locks.Dispose();
                    return null;
                }

                locks._held.Push(held);
            }

            return locks;
        }
        catch
        {
            locks.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        while (_held.TryPop(out IDisposable? held))
        {
            held.Dispose();
        }
    }
}
