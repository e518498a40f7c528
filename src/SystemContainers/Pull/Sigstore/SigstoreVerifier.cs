// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Sigstore;

/// <summary>
/// Judges attached signatures, without the network and the host's own trust. What counts is what counts for
/// containers/image (signature/policy_eval_sigstore.go), so that a policy means the same here and for podman.
/// </summary>
static class SigstoreVerifier
{
    /// <summary>Judges one. It never throws for what the attachment holds.</summary>
    /// <param name="attachment">As it came from the registry.</param>
    /// <param name="keys">What is trusted.</param>
    /// <param name="now">When certificates of one's own authority have to count.</param>
    public static SigstoreVerdict Verify(SigstoreAttachment attachment, SigstoreKeys keys, DateTimeOffset now)
    {
        try
        {
            (SimpleSigning signed, string signer) = Check(attachment, keys, now);
            return new SigstoreVerdict(signed, null, signer);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
        {
            return new SigstoreVerdict(null, e.Message);
        }
    }

    private static (SimpleSigning Signed, string Signer) Check(
        SigstoreAttachment attachment,
        SigstoreKeys keys,
        DateTimeOffset now
    )
    {
        if (attachment.Payload.Length > SigstoreAttachment.MaxPayloadBytes)
        {
            throw Fault.Of($"the signed document is larger than {SigstoreAttachment.MaxPayloadBytes} bytes");
        }

        byte[] signature = StrictMembers.Base64(
            attachment.Signature ?? throw Fault.Of("there is no signature in it"),
            "the signature"
        );
        IReadOnlyList<VerificationKey> signers = keys.Keys is { } known
            ? keys.Rekor is { } logs
                ? [InLog(attachment, known, logs, signature)]
                : known
            : keys.Fulcio is { } fulcio
                ? [OfFulcio(attachment, fulcio, keys.Rekor ?? [], signature)]
                :
                [
                    (keys.Pki ?? throw Fault.Of("nobody is trusted")).Check(
                        Certificate(attachment),
                        attachment.Chain,
                        now
                    ),
                ];
        return
            signers.FirstOrDefault(k => k.Verifies(attachment.Payload.Span, signature, HashAlgorithmName.SHA256))
                is { } signer
            ? (SimpleSigning.Read(attachment.Payload, SimpleSigning.Cosign), Name(signer, attachment, keys))
            : throw Fault.Of(
                keys.Keys is null
                    ? "the signature is not by the key of its certificate"
                    : "the signature is by none of the trusted keys"
            );
    }

    private static string Name(VerificationKey signer, SigstoreAttachment attachment, SigstoreKeys keys) =>
        keys.Keys is { } known
            ? SignerName.OfKey(
                signer,
                keys.KeyPlaces.ElementAtOrDefault(known.Index().First(k => k.Item == signer).Index)
            )
            : SignerName.OfCertificate(PkiAuthority.Leaf(Certificate(attachment)), keys.Fulcio?.OidcIssuer);

    private static string Certificate(SigstoreAttachment attachment) =>
        attachment.Certificate ?? throw Fault.Of("there is no certificate with the signature");

    private static string Set(SigstoreAttachment attachment) =>
        attachment.Set ?? throw Fault.Of("there is no promise of Rekor's log with the signature");

    // An entry names one key, so one of ours is it or none.
    private static VerificationKey InLog(
        SigstoreAttachment attachment,
        IReadOnlyList<VerificationKey> keys,
        IReadOnlyList<VerificationKey> logs,
        byte[] signature
    )
    {
        string set = Set(attachment);
        SysctrException? fault = null;
        foreach (VerificationKey key in keys)
        {
            try
            {
                RekorSet.Check(logs, set, key.Spki.Span, signature, attachment.Payload.Span);
                return key;
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Policy)
            {
                fault = e;
            }
        }

        throw fault ?? Fault.Of("no key is trusted");
    }

    private static VerificationKey OfFulcio(
        SigstoreAttachment attachment,
        FulcioAuthority fulcio,
        IReadOnlyList<VerificationKey> logs,
        byte[] signature
    )
    {
        string set = Set(attachment);
        string certificate = Certificate(attachment);
        byte[] block = RekorSet.Block(Encoding.UTF8.GetBytes(certificate));
        DateTimeOffset time = RekorSet.Check(logs, set, block, signature, attachment.Payload.Span);
        return fulcio.Check(certificate, attachment.Chain, time);
    }
}
