// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Verity;
using SystemContainers.Store.Records;

namespace SystemContainers.Checkout;

/// <summary>Takes the digest of what is written to it, and holds it as long as it is small.</summary>
/// <param name="heldBytes">Up to here.</param>
/// <param name="algorithm">Of the digest.</param>
sealed class VerityStream(int heldBytes, VerityAlgorithm algorithm = VerityAlgorithm.Sha256) : WriteOnlyStream
{
    private readonly VerityHasher _hasher = new(algorithm);
    private MemoryStream? _held = new();

    /// <summary>All that was written; null where it is too much to be held.</summary>
    public byte[]? Held => _held?.ToArray();

    /// <summary>The digest of all of it; once.</summary>
    public VerityDigest Finish() => _hasher.Finish();

    /// <summary>The same by whatever algorithm, in small hexadecimal digits; once.</summary>
    public string FinishHex() => _hasher.FinishHex();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hasher.Append(buffer);
        if (_held is not null && _held.Length + buffer.Length > heldBytes)
        {
            _held.Dispose();
            _held = null;
        }

        _held?.Write(buffer);
    }
}
