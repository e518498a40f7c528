// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using SystemContainers.Pull.Trust.Requirements;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Signatures;

/// <summary>Reads the keys and certificates that a policy's <c>sigstoreSigned</c> names.</summary>
static class SigstoreTrust
{
    /// <summary>As many as no administrator has.</summary>
    private const int MaxCertificates = 1000;

    /// <summary>All of them, ready to judge by.</summary>
    /// <exception cref="SysctrException">Policy: a file can't be read, or is no key or certificate.</exception>
    public static SigstoreKeys Of(SigstoreSigned requirement) =>
        new()
        {
            Keys = requirement.Keys is { } keys ? [.. Texts(keys).Select(VerificationKey.FromPem)] : null,
            KeyPlaces = requirement.Keys is { } places
                ? [.. places.Files, .. places.Data.Select(_ => "in the policy itself")]
                : [],
            Fulcio = requirement.Fulcio is { } fulcio
                ? new FulcioAuthority(
                    [.. Texts(fulcio.Authority).SelectMany(Certificate.ReadRoots)],
                    fulcio.OidcIssuer,
                    fulcio.SubjectEmail
                )
                : null,
            Pki = requirement.Pki is { } pki
                ? new PkiAuthority(
                    [.. Texts(pki.Roots).SelectMany(Certificate.ReadRoots)],
                    pki.Intermediates is { } between
                        ? [.. Texts(between).SelectMany(t => Certificate.ReadAll(t, MaxCertificates))]
                        : [],
                    pki.SubjectEmail,
                    pki.SubjectHostname
                )
                : null,
            Rekor = requirement.RekorKeys is { } logs ? SigstoreKeys.RekorKeys(Texts(logs)) : null,
        };

    private static IEnumerable<string> Texts(KeySource source) => source.Read().Select(Encoding.UTF8.GetString);
}
