// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;
using SystemContainers.Errors;

namespace SystemContainers.Pull.X509;

/// <summary>A public key that signatures are verified with: ECDSA on the NIST curves, RSA (PKCS #1 v1.5) or Ed25519, as
/// sigstore's LoadVerifier has them.</summary>
sealed class VerificationKey
{
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string Ed25519Key = "1.3.101.112";

    // Go's crypto/rsa refuses smaller ones; the upper bound is for who would have us calculate for minutes.
    private const int MinRsaBits = 1024;
    private const int MaxRsaBits = 16384;

    private static readonly Dictionary<string, int> s_curves = new(StringComparer.Ordinal)
    {
        ["1.2.840.10045.3.1.7"] = 256,
        ["1.3.132.0.34"] = 384,
        ["1.3.132.0.35"] = 521,
    };

    private readonly byte[] _spki;
    private readonly string _algorithm;
    private readonly int _bits;
    private readonly byte[] _raw;

    private VerificationKey(byte[] spki, string algorithm, int bits, byte[] raw)
    {
        _spki = spki;
        _algorithm = algorithm;
        _bits = bits;
        _raw = raw;
    }

    /// <summary>The key as DER (SubjectPublicKeyInfo).</summary>
    public ReadOnlyMemory<byte> Spki => _spki;

    public bool IsEcdsa => _algorithm == EcPublicKey;

    /// <summary>The hash that newer sigstore clients take with such a key where a format leaves it open.</summary>
    public HashAlgorithmName UsualHash =>
        (IsEcdsa, _bits) switch
        {
            (true, 384) => HashAlgorithmName.SHA384,
            (true, 521) => HashAlgorithmName.SHA512,
            _ => HashAlgorithmName.SHA256,
        };

    /// <summary>Its kind and how it signs, as protobuf-specs names them (PublicKeyDetails) where a hash is signed; null
    /// for kinds that have no such name.</summary>
    public string? Details =>
        (_algorithm, _bits) switch
        {
            (EcPublicKey, 256) => "PKIX_ECDSA_P256_SHA_256",
            (EcPublicKey, 384) => "PKIX_ECDSA_P384_SHA_384",
            (EcPublicKey, 521) => "PKIX_ECDSA_P521_SHA_512",
            (RsaEncryption, 2048 or 3072 or 4096) => $"PKIX_RSA_PKCS1V15_{_bits}_SHA256",
            _ => null,
        };

    /// <summary>What a signed note is told the key by, when it is a log's of a name (C2SP signed-note; four bytes of it
    /// stand in the note).</summary>
    public byte[] NoteId(string name)
    {
        byte[] line = Encoding.UTF8.GetBytes(name + "\n");
        return SHA256.HashData(
            _algorithm switch
            {
                EcPublicKey => _spki,
                Ed25519Key => [.. line, 1, .. _raw],
                _ => [.. line, 255, .. "PKIX-RSA-PKCS#1v1.5"u8, .. _spki],
            }
        );
    }

    /// <summary>The first block of a PEM text: PUBLIC KEY, or RSA PUBLIC KEY.</summary>
    /// <exception cref="SysctrException">Policy: it is none, or of a kind that nobody signs with.</exception>
    public static VerificationKey FromPem(string pem)
    {
        if (!Pem.TryRead(pem, out Pem? block, out _))
        {
            throw Fault.Of("it is no PEM text");
        }

        return block.Label switch
        {
            "PUBLIC KEY" => FromSpki(block.Bytes),
            "RSA PUBLIC KEY" => FromSpki(Fault.Reading("the public key", () => FromPkcs1(block.Bytes))),
            _ => throw Fault.Of($"it holds a {Redact.Text(block.Label)}, not a PUBLIC KEY"),
        };
    }

    /// <summary>A SubjectPublicKeyInfo (RFC 5280), as DER.</summary>
    /// <exception cref="SysctrException">Policy: it is malformed, or of a kind that nobody signs with.</exception>
    public static VerificationKey FromSpki(ReadOnlyMemory<byte> spki) =>
        Fault.Reading("the public key", () => Read(spki));

    /// <summary>Whether a signature of a message is by this key.</summary>
    /// <param name="signature">ASN.1 for ECDSA; the bytes of the others.</param>
    /// <param name="hash">Of the message; Ed25519 has its own.</param>
    public bool Verifies(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, HashAlgorithmName hash)
    {
        try
        {
            switch (_algorithm)
            {
                case EcPublicKey:
                    return VerifiesEcdsa(CryptographicOperations.HashData(hash, message), signature);
                case RsaEncryption:
                    using (RSA rsa = RSA.Create())
                    {
                        rsa.ImportSubjectPublicKeyInfo(_spki, out _);
                        return rsa.VerifyData(message, signature, hash, RSASignaturePadding.Pkcs1);
                    }

                default:
                    byte[] text = message.ToArray();
                    return signature.Length == Ed25519.SignatureSize
                        && Ed25519.Verify(signature.ToArray(), 0, _raw, 0, text, 0, text.Length);
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or AsnContentException)
        {
            return false;
        }
    }

    private bool VerifiesEcdsa(byte[] digest, ReadOnlySpan<byte> signature)
    {
        using ECDsa key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_spki, out _);
        if (IsSequenceOfTwoIntegers(signature))
        {
            return key.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence);
        }

        // sigstore's library takes the two numbers without ASN.1, too.
        return signature.Length == 2 * ((_bits + 7) / 8)
            && key.VerifyHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static bool IsSequenceOfTwoIntegers(ReadOnlySpan<byte> signature)
    {
        try
        {
            AsnReader outer = new(signature.ToArray(), AsnEncodingRules.DER);
            AsnReader inner = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            inner.ReadIntegerBytes();
            inner.ReadIntegerBytes();
            return !inner.HasData;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static VerificationKey Read(ReadOnlyMemory<byte> spki)
    {
        AsnReader outer = new(spki, AsnEncodingRules.DER);
        AsnReader info = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        AsnReader algorithm = info.ReadSequence();
        string oid = algorithm.ReadObjectIdentifier();
        byte[] raw = info.ReadBitString(out int unused);
        info.ThrowIfNotEmpty();
        if (unused != 0)
        {
            throw Fault.Of("the public key is malformed");
        }

        switch (oid)
        {
            case EcPublicKey:
                if (
                    algorithm.PeekTag() != Asn1Tag.ObjectIdentifier
                    || !s_curves.TryGetValue(algorithm.ReadObjectIdentifier(), out int bits)
                )
                {
                    throw Fault.Of("the public key is on another curve than P-256, P-384 and P-521");
                }

                algorithm.ThrowIfNotEmpty();
                using (ECDsa ecdsa = ECDsa.Create())
                {
                    ecdsa.ImportSubjectPublicKeyInfo(spki.Span, out _);
                    return new VerificationKey(ecdsa.ExportSubjectPublicKeyInfo(), oid, bits, raw);
                }

            case RsaEncryption:
                using (RSA rsa = RSA.Create())
                {
                    // Before anything is calculated with it.
                    if (raw.Length > (MaxRsaBits / 8) + 64)
                    {
                        throw Fault.Of($"the public key has more than {MaxRsaBits} bits");
                    }

                    rsa.ImportSubjectPublicKeyInfo(spki.Span, out _);
                    return rsa.KeySize is >= MinRsaBits and <= MaxRsaBits
                        ? new VerificationKey(rsa.ExportSubjectPublicKeyInfo(), oid, rsa.KeySize, raw)
                        : throw Fault.Of(
                            $"the public key has {rsa.KeySize} bits; RSA needs from {MinRsaBits} to {MaxRsaBits}"
                        );
                }

            case Ed25519Key:
                algorithm.ThrowIfNotEmpty();
                return raw.Length == Ed25519.PublicKeySize
                    ? new VerificationKey(spki.ToArray(), oid, 256, raw)
                    : throw Fault.Of("the public key is malformed");
            default:
                throw Fault.Of($"the public key is of an algorithm that signatures are not verified with ({oid})");
        }
    }

    private static byte[] FromPkcs1(byte[] key)
    {
        using RSA rsa = RSA.Create();
        rsa.ImportRSAPublicKey(key, out int read);
        return read == key.Length
            ? rsa.ExportSubjectPublicKeyInfo()
            : throw new CryptographicException("trailing data");
    }
}
