// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>Room for what is being added.</summary>
sealed partial class ContentStore
{
    /// <summary>Inodes that a pull wants to be there: how many files its layers have is known only when they are
    /// unpacked.</summary>
    private const int LeastInodes = 64;

    /// <summary>After so many bytes the file system is asked again: others write to it, too.</summary>
    private const long AskAgain = 4 << 20;

    private SpaceReservation? _reservation;
    private readonly WriteBehind _writeBehind;
    private long _written;

    /// <summary>The room on the store's file system.</summary>
    public StoreSpace Space { get; }

    /// <inheritdoc/>
    public void Expect(string doing, long bytes)
    {
        _reservation?.Dispose();
        _reservation = null;
        if (bytes > 0)
        {
            Space.Require(doing, bytes, LeastInodes);
            StoreErrors.Wrap(
                doing,
                () => _reservation = SpaceReservation.Take(_staging.Value.NewPath("reserved"), bytes)
            );
        }
    }

    /// <summary>Told of bytes that were written to staged objects.</summary>
    /// <exception cref="SysctrException">Storage: what has to stay free is reached.</exception>
    internal void ReportWritten(long bytes)
    {
        if (Interlocked.Add(ref _written, bytes) >= AskAgain)
        {
            long written = Interlocked.Exchange(ref _written, 0);
            _reservation?.GiveBack(written);
            Space.Require("adding layers", 0, 0);
            _writeBehind.ReportWritten(written);
        }
    }
}
