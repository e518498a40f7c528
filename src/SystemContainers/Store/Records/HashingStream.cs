// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;

namespace SystemContainers.Store.Records;

/// <summary>Hands on what is written to it and hashes it. The target stays open.</summary>
/// <param name="target">Gets what is written.</param>
/// <param name="algorithm">SHA-256 where null.</param>
sealed class HashingStream(Stream target, HashAlgorithmName? algorithm = null) : WriteOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(algorithm ?? HashAlgorithmName.SHA256);

    /// <summary>Of all that was written.</summary>
    public byte[] Hash() => _hash.GetHashAndReset();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.AppendData(buffer);
        target.Write(buffer);
    }

    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        base.Dispose(disposing);
    }
}
