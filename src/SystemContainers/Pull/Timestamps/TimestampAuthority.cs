// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Timestamps;

/// <summary>Whose timestamps count, as a <c>trusted_root.json</c> names it. The rules are those of sigstore's
/// timestamp-authority (pkg/verification), and RFC 3161's where that has none.</summary>
/// <param name="Uri">Where it is asked; two of one URI are one authority.</param>
/// <param name="Chain">The certificate that it signs with, where the host knows that, then those above it, what is
/// trusted last.</param>
/// <param name="From">When it began to count; null for ever.</param>
/// <param name="To">When it ended.</param>
sealed record TimestampAuthority(string Uri, IReadOnlyList<Certificate> Chain, DateTimeOffset? From, DateTimeOffset? To)
{
    /// <summary>Why nothing of it counts, where its certificates can't be read.</summary>
    public string? Unusable { get; init; }

    /// <summary>Throws unless a timestamp is of this authority, and of a signature.</summary>
    /// <returns>When the signature was there.</returns>
    /// <exception cref="Errors.SysctrException">Policy: it is not.</exception>
    public DateTimeOffset Check(Timestamp timestamp, ReadOnlySpan<byte> signature)
    {
        Certificate? own = Chain is [{ IsAuthority: false } first, ..] ? first : null;
        Certificate[] above = [.. Chain.Skip(own is null ? 0 : 1)];
        if (Unusable is not null || above.Length == 0)
        {
            throw Fault.Of(Unusable ?? "the trusted root has no certificate of an authority for it");
        }

        // One that came along names itself; only what is trusted says whether it counts.
        SignedData message = timestamp.Message;
        Certificate signer =
            message.Certificates.FirstOrDefault(message.Names)
            ?? (
                message.Certificates.Count == 0 && own is not null && message.Names(own)
                    ? own
                    : throw Fault.Of("its signer's certificate is not there")
            );
        if (own is not null && !own.Der.Span.SequenceEqual(signer.Der.Span))
        {
            throw Fault.Of("it is signed with another certificate than the trusted one");
        }

        message.Check(signer);
        if (signer.IsAuthority || !signer.IsOnlyFor(CertificateChain.TimeStamping))
        {
            throw Fault.Of("its certificate is not for timestamps alone");
        }

        CertificateChain.Check(
            signer,
            [above[^1]],
            [.. above.SkipLast(1), .. message.Certificates],
            timestamp.Time,
            CertificateChain.TimeStamping
        );
        if (!CryptographicOperations.HashData(timestamp.Hash, signature).AsSpan().SequenceEqual(timestamp.Imprint))
        {
            throw Fault.Of("it is of another signature");
        }

        return timestamp.Time < From || timestamp.Time > To
            ? throw Fault.Of($"the authority did not count at {timestamp.Time:u}")
            : timestamp.Time;
    }
}
