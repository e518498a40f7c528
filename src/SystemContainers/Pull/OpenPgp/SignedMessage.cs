// SPDX-License-Identifier: Apache-2.0

using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace SystemContainers.Pull.OpenPgp;

/// <summary>A message with its signature inline (RFC 4880, 11.3), as <c>gpg --sign</c> makes it: one signature over one
/// text, perhaps compressed, and nothing beside them.</summary>
static class SignedMessage
{
    /// <summary>Packets beside what is signed, in bytes: a signature of RSA with all that gpg writes into it has less
    /// than two thousand.</summary>
    private const int MaxBeside = 64 << 10;

    // Not part of the signature: what a critical subpacket of another kind says would change what was signed (RFC 4880,
    // 5.2.3.1). As gpg's list.
    private static readonly SignatureSubpacketTag[] s_understood =
    [
        SignatureSubpacketTag.CreationTime,
        SignatureSubpacketTag.ExpireTime,
        SignatureSubpacketTag.Exportable,
        SignatureSubpacketTag.TrustSig,
        SignatureSubpacketTag.RegExp,
        SignatureSubpacketTag.Revocable,
        SignatureSubpacketTag.KeyExpireTime,
        SignatureSubpacketTag.PreferredSymmetricAlgorithms,
        SignatureSubpacketTag.RevocationKey,
        SignatureSubpacketTag.IssuerKeyId,
        SignatureSubpacketTag.PreferredHashAlgorithms,
        SignatureSubpacketTag.PreferredCompressionAlgorithms,
        SignatureSubpacketTag.KeyServerPreferences,
        SignatureSubpacketTag.PreferredKeyServer,
        SignatureSubpacketTag.PrimaryUserId,
        SignatureSubpacketTag.PolicyUrl,
        SignatureSubpacketTag.KeyFlags,
        SignatureSubpacketTag.SignerUserId,
        SignatureSubpacketTag.RevocationReason,
        SignatureSubpacketTag.Features,
        SignatureSubpacketTag.EmbeddedSignature,
        SignatureSubpacketTag.IssuerFingerprint,
    ];

    /// <param name="message">Its bytes, binary.</param>
    /// <param name="keys">Whose signature counts.</param>
    /// <param name="maxContent">How much may be signed, in bytes: a compressed text may grow a thousandfold.</param>
    public static OpenPgpVerdict Check(
        byte[] message,
        OpenPgpKeyring keys,
        int maxContent,
        DateTime now,
        CancellationToken cancellationToken
    )
    {
        try
        {
            (byte[]? content, PgpSignature? signature, string? fault) = Open(message, maxContent, cancellationToken);
            return fault is not null ? OpenPgpVerdict.Bad(fault) : Check(content!, signature!, keys, now);
        }
        catch (Exception e) when (e is UnpackedTooLargeException || e.InnerException is UnpackedTooLargeException)
        {
            return OpenPgpVerdict.Bad(
                $"it unpacks to more than what is signed may be, {maxContent} bytes, and its signature"
            );
        }
        catch (Exception e) when (OpenPgpKeyring.IsOfBytes(e))
        {
            return OpenPgpVerdict.Bad("it is no signed message of OpenPGP");
        }
    }

    private static (byte[]? Content, PgpSignature? Signature, string? Fault) Open(
        byte[] message,
        int maxContent,
        CancellationToken cancellationToken
    )
    {
        using MemoryStream stream = new(message, writable: false);
        PgpObjectFactory packets = new(stream);
        PgpObject? first = packets.NextPgpObject();
        PgpObjectFactory? outer = null;
        if (first is PgpCompressedData compressed)
        {
            outer = packets;
            packets = new PgpObjectFactory(
                new UnpackedStream(compressed.GetDataStream(), (long)maxContent + MaxBeside, cancellationToken)
            );
            first = packets.NextPgpObject();
        }

        PgpSignature? signature = null;
        switch (first)
        {
            case PgpOnePassSignatureList { Count: 1 }:
                break;
            case PgpSignatureList { Count: 1 } before:
                signature = before[0];
                break;
            case PgpOnePassSignatureList or PgpSignatureList:
                return (null, null, "it has several signatures, and each has to be by itself");
            default:
                return (null, null, "it is no signed message of OpenPGP");
        }

        if (packets.NextPgpObject() is not PgpLiteralData text)
        {
            return (null, null, "what is signed is not in it");
        }

        byte[]? content = ReadAtMost(text.GetInputStream(), maxContent);
        if (content is null)
        {
            return (null, null, $"what is signed is larger than {maxContent} bytes");
        }

        if (signature is null)
        {
            if (packets.NextPgpObject() is not PgpSignatureList { Count: 1 } behind)
            {
                return (null, null, "it has not one signature behind what is signed");
            }

            signature = behind[0];
        }

        // Attack: a second text or signature behind, which another reader would take.
        return packets.NextPgpObject() is null && outer?.NextPgpObject() is null
            ? (content, signature, null)
            : (null, null, "something stands behind the signature");
    }

    private static OpenPgpVerdict Check(byte[] content, PgpSignature signature, OpenPgpKeyring keys, DateTime now)
    {
        if (
            signature.Version is not (3 or 4)
            || signature.SignatureType is not (PgpSignature.BinaryDocument or PgpSignature.CanonicalTextDocument)
        )
        {
            return OpenPgpVerdict.Bad("its signature is not one over a document");
        }

        if (signature.HashAlgorithm is HashAlgorithmTag.MD5)
        {
            return OpenPgpVerdict.Bad("it is signed with MD5, which proves nothing");
        }

        if (
            signature.GetHashedSubPackets() is { } packets
            && packets.GetCriticalTags().FirstOrDefault(t => !s_understood.Contains(t))
                is var unknown
                    and not default(SignatureSubpacketTag)
        )
        {
            return OpenPgpVerdict.Bad(
                $"its signature has a critical part of a kind that is not known ({(int)unknown})"
            );
        }

        IReadOnlyList<SigningKey> candidates = keys.Find(signature.KeyId);
        OpenPgpVerdict verdict = OpenPgpVerdict.Bad(
            $"it is signed by the key {signature.KeyId:X16}, which is not among them"
        );
        foreach (SigningKey key in candidates)
        {
            verdict =
                Fault(signature, key, now) is { } fault
                    ? OpenPgpVerdict.Bad($"{fault} ({OpenPgpKeyring.Fingerprint(key.Key)})", key.Signer)
                : Verifies(content, signature, key.Key) ? new OpenPgpVerdict(content, key.Signer, null)
                : OpenPgpVerdict.Bad(
                    $"the signature by {OpenPgpKeyring.Fingerprint(key.Key)} is wrong: what is signed was changed, or the signature",
                    key.Signer
                );
            if (verdict.Fault is null)
            {
                break;
            }
        }

        return verdict;
    }

    private static string? Fault(PgpSignature signature, SigningKey key, DateTime now)
    {
        long holds = signature.GetHashedSubPackets()?.GetSignatureExpirationTime() ?? 0;
        return key.Fault
            ?? (
                key.Key.CreationTime > now ? "the key is of the future: a clock is wrong"
                : key.Key.CreationTime > signature.CreationTime ? "the signature is older than its key"
                : key.Expires <= now ? $"the key expired on {key.Expires:yyyy-MM-dd}"
                : holds > 0 && signature.CreationTime.AddSeconds(holds) <= now
                    ? $"the signature expired on {signature.CreationTime.AddSeconds(holds):yyyy-MM-dd}"
                : null
            );
    }

    private static bool Verifies(byte[] content, PgpSignature signature, PgpPublicKey key)
    {
        signature.InitVerify(key);
        signature.Update(content);
        return signature.Verify();
    }

    private static byte[]? ReadAtMost(Stream stream, int limit)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[8 << 10];
        for (int read; (read = stream.Read(buffer, 0, buffer.Length)) > 0;)
        {
            if (all.Length + read > limit)
            {
                return null;
            }

            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }
}
