// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace SystemContainers.Pull.Http;

/// <summary>Why a server's certificate is not taken, in words. The framework's own says it in names of its
/// enumerations, and not which name or day.</summary>
sealed class CertificateFault : AuthenticationException
{
    /// <summary>More names than these are not read by anybody.</summary>
    private const int MaxNames = 5;

    private CertificateFault(string why, CertificateCause cause)
        : base(why) => Cause = cause;

    /// <summary>What is to be done about it depends on.</summary>
    public CertificateCause Cause { get; }

    /// <summary>Looks at what TLS found; null where there is nothing to find.</summary>
    /// <param name="certificate">The server's.</param>
    /// <param name="chain">What it was verified by.</param>
    /// <param name="errors">What TLS found.</param>
    /// <param name="useless">Files of certs.d that hold no certificate: it would have been an authority's.</param>
    public static CertificateFault? Of(
        X509Certificate? certificate,
        X509Chain? chain,
        SslPolicyErrors errors,
        IReadOnlyList<string> useless
    )
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (certificate is not X509Certificate2 server)
        {
            return new CertificateFault("it shows no certificate", CertificateCause.Other);
        }

        X509ChainStatusFlags status = (chain?.ChainStatus ?? []).Aggregate(
            X509ChainStatusFlags.NoError,
            (all, s) => all | s.Status
        );
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return new CertificateFault(OfTime(server, chain!), CertificateCause.Time);
        }

        if (status.HasFlag(X509ChainStatusFlags.UntrustedRoot) || status.HasFlag(X509ChainStatusFlags.PartialChain))
        {
            string files =
                useless.Count == 0
                    ? ""
                    : $"; {string.Join(", ", useless)} would say it, and holds no certificate in PEM";
            return new CertificateFault(
                (
                    server.SubjectName.RawData.AsSpan().SequenceEqual(server.IssuerName.RawData)
                        ? "its certificate is signed by itself, and by no authority"
                        : $"its certificate is invalid: this host does not know the authority that signed it ({server.GetNameInfo(X509NameType.SimpleName, forIssuer: true)})"
                ) + files,
                CertificateCause.Authority
            );
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? new CertificateFault($"its certificate is for another name: {Names(server)}", CertificateCause.Name)
            : new CertificateFault(
                $"its certificate is invalid: {string.Join(' ', (chain?.ChainStatus ?? []).Select(s => s.StatusInformation.Trim()))}",
                CertificateCause.Other
            );
    }

    private static string OfTime(X509Certificate2 server, X509Chain chain)
    {
        DateTime now = DateTime.Now;
        X509Certificate2 wrong =
            chain.ChainElements.Select(e => e.Certificate).FirstOrDefault(c => c.NotAfter < now || c.NotBefore > now)
            ?? server;
        string whose = wrong.RawDataMemory.Span.SequenceEqual(server.RawDataMemory.Span)
            ? "its certificate"
            : $"the certificate of its authority {wrong.GetNameInfo(X509NameType.SimpleName, forIssuer: false)}";
        return wrong.NotBefore > now
            ? $"{whose} is not valid before {Day(wrong.NotBefore)}"
            : $"{whose} has expired on {Day(wrong.NotAfter)}";
    }

    private static string Day(DateTime time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Names(X509Certificate2 server)
    {
        string[] names =
        [
            .. server
                .Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString()))),
        ];
        return names.Length == 0
            ? "it has none"
            : string.Join(", ", names.Take(MaxNames)) + (names.Length > MaxNames ? " ..." : "");
    }
}
