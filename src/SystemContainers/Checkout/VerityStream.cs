// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Verity;
using SystemContainers.Store.Records;

namespace SystemContainers.Checkout;

/// <summary>Takes the digest of what is written to it.</summary>
/// <param name="algorithm">Of the digest.</param>
sealed class VerityStream(VerityAlgorithm algorithm = VerityAlgorithm.Sha256) : WriteOnlyStream
{
    private readonly VerityHasher _hasher = new(algorithm);

    /// <summary>The digest of all of it; once.</summary>
    public VerityDigest Finish() => _hasher.Finish();

    /// <summary>The same by whatever algorithm, in small hexadecimal digits; once.</summary>
    public string FinishHex() => _hasher.FinishHex();

    public override void Write(ReadOnlySpan<byte> buffer) => _hasher.Append(buffer);
}
