// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Timestamps;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Statements;

/// <summary>
/// Judges bundles without the network, by the rules of sigstore-go (pkg/verify), which cosign 3 judges by. A bundle
/// proves that somebody stated something about a digest; of the name by which the digest was asked for it says nothing.
/// </summary>
static class BundleVerifier
{
    private const int MaxReasons = 3;

    /// <summary>Judges one. It never throws for what the bundle holds.</summary>
    /// <param name="bundle">As it came from the registry.</param>
    /// <param name="subject">What it has to be about.</param>
    /// <param name="trust">Whose statements count.</param>
    /// <param name="now">When certificates of one's own authority have to count.</param>
    public static BundleVerdict Verify(
        ReadOnlyMemory<byte> bundle,
        Digest subject,
        BundleTrust trust,
        DateTimeOffset now
    )
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

    private static (InTotoStatement Statement, string Signer) Check(
        SigstoreBundle bundle,
        Digest subject,
        BundleTrust trust,
        DateTimeOffset now
    )
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

        Certificate? leaf = trust.Keys is null ? Leaf(bundle) : null;
        List<Logged> logged = trust.Logs is { } logs ? InLogs(bundle, logs, new EntrySigner(key, leaf)) : [];
        if (trust.Identity is { } identity)
        {
            OfIdentity(leaf!, identity, trust.Authorities, Times(bundle, logged, trust.Stampers));
            if (
                logged.Exists(l =>
                    l.Entry.IntegratedTime != 0
                    && RekorSet.Moment(l.Entry.IntegratedTime) is var said
                    && (said < leaf!.NotBefore || said > leaf.NotAfter)
                )
            )
            {
                // Without a promise nobody has signed that, and still a bundle that is right does not say it;
                // sigstore-go looks, too.
                throw Fault.Of("the log's entry says a time when the certificate did not count");
            }
        }

        if (bundle.Envelope.PayloadType != InTotoStatement.MediaType)
        {
            throw Fault.Of($"what is signed is a {Redact.Text(bundle.Envelope.PayloadType)}, no statement of in-toto");
        }

        InTotoStatement statement = InTotoStatement.Read(bundle.Envelope.Payload);
        return statement.Subjects.Contains(subject)
            ? (statement, Name(bundle, key, trust))
            : throw Fault.Of("the statement is about another image");
    }

    private static string Name(SigstoreBundle bundle, VerificationKey signer, BundleTrust trust) =>
        trust.Keys is { } known
            ? SignerName.OfKey(
                signer,
                trust.KeyPlaces.ElementAtOrDefault(known.Index().First(k => k.Item == signer).Index)
            )
            : SignerName.OfCertificate(Leaf(bundle), trust.Identity?.Issuer);

    private static Certificate Leaf(SigstoreBundle bundle) =>
        bundle.Certificates is [{ } leaf, ..] ? leaf : throw Fault.Of("the bundle has no certificate");

    private static VerificationKey OfKeys(SigstoreBundle bundle, IReadOnlyList<VerificationKey> keys) =>
        keys.FirstOrDefault(bundle.Envelope.IsSignedBy)
        ?? throw Fault.Of("the statement is signed by none of the trusted keys");

    /// <summary>What logs hold it, and since when. An entry of a log that nobody trusts is passed over; a wrong one of
    /// one that is trusted is not.</summary>
    private static List<Logged> InLogs(SigstoreBundle bundle, IReadOnlyList<TrustedLog> logs, EntrySigner signer)
    {
        List<Logged> found = [];
        if (bundle.Entries.DistinctBy(e => (Convert.ToHexString(e.LogId), e.Index)).Count() != bundle.Entries.Count)
        {
            throw Fault.Of("the bundle has one entry of a log twice");
        }

        foreach (LogEntry entry in bundle.Entries)
        {
            if (logs.FirstOrDefault(l => l.Id.AsSpan().SequenceEqual(entry.LogId)) is { } log)
            {
                found.Add(new Logged(log, entry, entry.Check(log, bundle.Envelope, signer)));
            }
        }

        return found.Count > 0 ? found : throw Fault.Of("no trusted log says that it holds the statement");
    }

    /// <summary>
    /// When it was signed, by everybody who is trusted to know: logs that promise it, and authorities for timestamps.
    /// One is enough, and what more of them say has to be true as well (sigstore's client specification; sigstore-go's
    /// WithObserverTimestamps).
    /// </summary>
    private static DateTimeOffset[] Times(
        SigstoreBundle bundle,
        List<Logged> logged,
        IReadOnlyList<TimestampAuthority> stampers
    )
    {
        TimestampedSignature stamped = TimestampedSignature.Of(bundle.Timestamps, bundle.Envelope.Signature, stampers);
        DateTimeOffset[] times = [.. logged.Select(l => l.Time).OfType<DateTimeOffset>(), .. stamped.Times];
        if (times.Length == 0)
        {
            string why = stamped.Why.Count > 0 ? $" ({string.Join("; ", stamped.Why.Take(MaxReasons))})" : "";
            throw Fault.Of("no trusted log and no trusted authority for timestamps says when it was signed" + why);
        }

        // A log that has promised was asked so already.
        return logged.Exists(l => l.Time is null && stamped.Times.Any(t => !l.Log.CountsAt(t)))
            ? throw Fault.Of("the log's key did not count when it was signed")
            : times;
    }

    private static void OfIdentity(
        Certificate leaf,
        SignerIdentity identity,
        IReadOnlyList<TrustedAuthority> authorities,
        DateTimeOffset[] times
    )
    {
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

    /// <summary>An entry that a trusted log has, and since when where the log says it.</summary>
    private sealed record Logged(TrustedLog Log, LogEntry Entry, DateTimeOffset? Time);
}
