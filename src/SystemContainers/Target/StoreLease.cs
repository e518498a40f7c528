// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Target;

/// <summary>
/// The store as it is but for additions: until this is disposed of, no prune takes anything from it. Whoever has it
/// ends it, as soon as all that is needed of the store is in a deployment, so that a prune need not wait for what
/// follows.
/// </summary>
sealed class StoreLease : IDisposable
{
    private readonly Func<CancellationToken, IDisposable?> _take;
    private IDisposable? _held;
    private bool _isEnded;

    internal StoreLease(Func<CancellationToken, IDisposable?> take, CancellationToken cancellation)
    {
        _take = take;
        _held = take(cancellation);
    }

    /// <summary>For a host that has no store yet, and gets none by being looked at.</summary>
    public static StoreLease OfNothing() => new(_ => null, CancellationToken.None);

    /// <summary>Whether it keeps a prune from a store; that of nothing, and one that has ended, don't.</summary>
    public bool IsHeld => _held is not null;

    /// <summary>
    /// Lets go of the store while something is fetched over the network, which may take as long as it likes, and takes
    /// it again, however that ended. What was there before may be gone then.
    /// </summary>
    public async Task<T> WithoutAsync<T>(Func<Task<T>> network, CancellationToken cancellation)
    {
        Dispose();
        try
        {
            return await network();
        }
        finally
        {
            _held = _take(cancellation);
            _isEnded = false;
        }
    }

    /// <summary>For whoever needs it to be held.</summary>
    /// <exception cref="InvalidOperationException">It has ended.</exception>
    public void Require()
    {
        if (_isEnded)
        {
            throw new InvalidOperationException("The lease of the store has ended.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isEnded = true;
        _held?.Dispose();
        _held = null;
    }
}
