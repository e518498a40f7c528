// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>
/// Judges bundles without the network, by the rules of sigstore-go (pkg/verify), which cosign 3 judges by. A bundle proves that somebody stated
/// something about a digest; of the name by which the digest was asked for it says nothing.
/// </summary>
static class BundleVerifier
{
    /// <summary>Judges one. It never throws for what the bundle holds.</summary>
    /// <param name="bundle">As it came from the registry.</param>
    /// <param name="subject">What it has to be about.</param>
    /// <param name="trust">Whose statements count.</param>
    /// <param name="now">When certificates of one's own authority have to count.</param>
    public static BundleVerdict Verify(ReadOnlyMemory<byte> bundle, Digest subject, BundleTrust trust, DateTimeOffset now)
    {
        try
        {
            (InTotoStatement statement, string signer) = Check(SigstoreBundle.Read(bundle), subject, trust, now);
            return new BundleVerdict(statement, null, signer);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            return new BundleVerdict(null, e.Message);
        }
    }

    private static (InTotoStatement Statement, string Signer) Check(SigstoreBundle bundle, Digest subject, BundleTrust trust, DateTimeOffset now)
    {
        VerificationKey key = trust switch
        {
            { Keys: { } keys } => OfKeys(bundle, keys),
            { Pki: { } pki } => pki.Check(Leaf(bundle), [.. bundle.Certificates.Skip(1)], now),
            { Identity: not null } => Leaf(bundle).Key,
            _ => throw Fault.Of("nobody is trusted"),
        };
        if (!bundle.Envelope.IsSignedBy(key))
        {
            throw Fault.Of("the statement is not signed by the key of its certificate");
        }

        if (trust.Logs is { } logs)
        {
            ReadOnlyMemory<byte> signer = trust.Keys is null ? Leaf(bundle).Der : key.Spki;
            List<DateTimeOffset> times = InLogs(bundle, logs, signer);
            if (trust.Identity is { } identity)
            {
                OfIdentity(Leaf(bundle), identity, trust.Authorities, times);
            }
        }
        else if (trust.Identity is not null)
        {
            throw Fault.Of("no log is trusted, and only one knows when a certificate of an identity was used");
        }

        if (bundle.Envelope.PayloadType != InTotoStatement.MediaType)
        {
            throw Fault.Of($"what is signed is a {Redact.Text(bundle.Envelope.PayloadType)}, no statement of in-toto");
        }

        InTotoStatement statement = InTotoStatement.Read(bundle.Envelope.Payload);
        return statement.Subjects.Contains(subject) ? (statement, Name(bundle, key, trust)) : throw Fault.Of("the statement is about another image");
    }

    private static string Name(SigstoreBundle bundle, VerificationKey signer, BundleTrust trust) =>
        trust.Keys is { } known ? SignerName.OfKey(signer, trust.KeyPlaces.ElementAtOrDefault(known.Index().First(k => k.Item == signer).Index))
        : SignerName.OfCertificate(Leaf(bundle), trust.Identity?.Issuer);

    private static Certificate Leaf(SigstoreBundle bundle) => bundle.Certificates is [{ } leaf, ..] ? leaf : throw Fault.Of("the bundle has no certificate");

    private static VerificationKey OfKeys(SigstoreBundle bundle, IReadOnlyList<VerificationKey> keys) =>
        keys.FirstOrDefault(bundle.Envelope.IsSignedBy) ?? throw Fault.Of("the statement is signed by none of the trusted keys");

    /// <summary>When logs took it in. An entry of a log that nobody trusts is passed over; a wrong one of one that is trusted is not.</summary>
    private static List<DateTimeOffset> InLogs(SigstoreBundle bundle, IReadOnlyList<TrustedLog> logs, ReadOnlyMemory<byte> signer)
    {
        bool found = false;
        List<DateTimeOffset> times = [];
        if (bundle.Entries.DistinctBy(e => (Convert.ToHexString(e.LogId), e.Index)).Count() != bundle.Entries.Count)
        {
            throw Fault.Of("the bundle has one entry of a log twice");
        }

        foreach (LogEntry entry in bundle.Entries)
        {
            if (logs.FirstOrDefault(l => l.Id.AsSpan().SequenceEqual(entry.LogId)) is { } log)
            {
                DateTimeOffset? time = entry.Check(log, bundle.Envelope, signer.Span);
                found = true;
                times.AddRange(time is { } known ? [known] : []);
            }
        }

        return found ? times : throw Fault.Of("no trusted log says that it holds the statement");
    }

    private static void OfIdentity(Certificate leaf, SignerIdentity identity, IReadOnlyList<TrustedAuthority> authorities, List<DateTimeOffset> times)
    {
        if (times.Count == 0)
        {
            throw Fault.Of("no trusted log says when it took the statement in (timestamps of others, as with Rekor's second version, are not read)");
        }

        // At all of the times, by one of the authorities each.
        Certificate judged = leaf.JudgingNames();
        foreach (DateTimeOffset time in times)
        {
            SysctrException? fault = null;
            foreach (TrustedAuthority authority in authorities)
            {
                try
                {
                    authority.Check(judged, time);
                    fault = null;
                    break;
                }
                catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
                {
                    fault = e;
                }
            }

            if (fault is not null || authorities.Count == 0)
            {
                throw fault ?? Fault.Of("no authority is trusted");
            }
        }

        identity.Check(leaf);
    }
}
