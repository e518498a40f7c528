// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Statements;

namespace SystemContainers.Pull.Referrers;

/// <summary>What an attached document says, out of whatever it is wrapped in. Who signed it is not asked.</summary>
static class PredicateReader
{
    /// <summary>The statement of a document; null for one that is none, such as a bare bill of materials.</summary>
    /// <exception cref="SysctrException">Corrupt: it is malformed, or about another image.</exception>
    public static InTotoStatement? Statement(Referrer referrer, byte[] document)
    {
        try
        {
            InTotoStatement? statement = referrer.Kind switch
            {
                ReferrerKind.Statement => InTotoStatement.Read(document),
                ReferrerKind.Bundle => Of(SigstoreBundle.Read(document).Envelope),
                ReferrerKind.Attestation => Of(Envelope(document)),
                _ => null,
            };
            return statement is null || statement.Subjects.Contains(referrer.Subject)
                ? statement
                : throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"reading {referrer.Blob.Digest}, which is attached to {referrer.Subject}: it is about another image"
                );
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading {referrer.Blob.Digest}, which is attached to {referrer.Subject}: {e.Message}",
                inner: e
            );
        }
    }

    private static InTotoStatement Of(DsseEnvelope envelope) => InTotoStatement.Read(envelope.Payload);

    private static DsseEnvelope Envelope(byte[] document)
    {
        using JsonDocument json = StrictMembers.Parse(document, "the envelope");
        return DsseEnvelope.Read(json.RootElement);
    }
}
