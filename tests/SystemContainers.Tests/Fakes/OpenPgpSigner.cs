// SPDX-License-Identifier: Apache-2.0

using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace SystemContainers.Tests.Fakes;

/// <summary>Someone with an OpenPGP key, who signs in ways that gpg would not; what gpg signs is in the tests against
/// skopeo.</summary>
sealed class OpenPgpSigner
{
    private readonly PgpSecretKeyRing _ring;

    /// <param name="created">When the key was made.</param>
    /// <param name="holds">For how many seconds; 0 for ever.</param>
    /// <param name="flags">What it is for (RFC 4880, 5.2.3.21); null for saying nothing about it.</param>
    public OpenPgpSigner(
        DateTime? created = null,
        long holds = 0,
        int? flags = PgpKeyFlags.CanSign | PgpKeyFlags.CanCertify
    )
    {
        Ed25519KeyPairGenerator generator = new();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        PgpKeyPair pair = new(
            PublicKeyAlgorithmTag.EdDsa_Legacy,
            generator.GenerateKeyPair(),
            created ?? DateTime.UtcNow.AddMinutes(-5)
        );
        PgpSignatureSubpacketGenerator hashed = new();
        if (flags is { } what)
        {
            hashed.SetKeyFlags(false, what);
        }

        if (holds > 0)
        {
            hashed.SetKeyExpirationTime(false, holds);
        }

        PgpKeyRingGenerator ring = new(
            PgpSignature.PositiveCertification,
            pair,
            "signer <signer@example.com>",
            SymmetricKeyAlgorithmTag.Null,
            Array.Empty<char>(),
            true,
            hashed.Generate(),
            null,
            new SecureRandom()
        );
        _ring = ring.GenerateSecretKeyRing();
        Keyring = ring.GeneratePublicKeyRing().GetEncoded();
    }

    /// <summary>What a policy would name.</summary>
    public byte[] Keyring { get; }

    /// <summary>The key's fingerprint.</summary>
    public byte[] Fingerprint => _ring.GetPublicKey().GetFingerprint();

    /// <summary>The keyring with a further signature over the key itself: of the owner, directly over the key (0x1f),
    /// or a revocation (0x20) by whoever.</summary>
    /// <param name="type">0x1f or 0x20.</param>
    /// <param name="hashed">What it says.</param>
    /// <param name="by">Who signs; the owner where null.</param>
    /// <param name="keyring">To what it is added; <see cref="Keyring"/> where null.</param>
    /// <param name="broken">Whether it is over another key, and so wrong.</param>
    /// <param name="created">When; now where null.</param>
    public byte[] With(
        int type,
        Action<PgpSignatureSubpacketGenerator>? hashed = null,
        OpenPgpSigner? by = null,
        byte[]? keyring = null,
        bool broken = false,
        DateTime? created = null
    )
    {
        PgpSecretKey key = (by ?? this)._ring.GetSecretKey();
        PgpSignatureGenerator signature = new(key.PublicKey.Algorithm, HashAlgorithmTag.Sha256);
        signature.InitSign(type, key.ExtractPrivateKey(Array.Empty<char>()));
        PgpSignatureSubpacketGenerator packets = new();
        packets.SetIssuerFingerprint(false, key.PublicKey);
        packets.SetIssuerKeyID(false, key.KeyId);
        packets.SetSignatureCreationTime(false, created ?? DateTime.UtcNow);
        hashed?.Invoke(packets);
        signature.SetHashedSubpackets(packets.Generate());
        PgpPublicKeyRing ring = new(keyring ?? Keyring);
        PgpSignature made = signature.GenerateCertification(
            broken ? new OpenPgpSigner()._ring.GetPublicKey() : ring.GetPublicKey()
        );
        return PgpPublicKeyRing
            .InsertPublicKey(ring, PgpPublicKey.AddCertification(ring.GetPublicKey(), made))
            .GetEncoded();
    }

    /// <summary>Signs inline.</summary>
    public byte[] Sign(
        byte[] content,
        Action<PgpSignatureSubpacketGenerator>? hashed = null,
        bool compress = false,
        int type = PgpSignature.BinaryDocument
    )
    {
        PgpSecretKey key = _ring.GetSecretKey();
        PgpSignatureGenerator signature = new(key.PublicKey.Algorithm, HashAlgorithmTag.Sha256);
        signature.InitSign(type, key.ExtractPrivateKey(Array.Empty<char>()));
        PgpSignatureSubpacketGenerator packets = new();
        packets.SetIssuerFingerprint(false, key.PublicKey);
        hashed?.Invoke(packets);
        signature.SetHashedSubpackets(packets.Generate());
        using MemoryStream message = new();
        signature.GenerateOnePassVersion(false).Encode(message);
        PgpLiteralDataGenerator literal = new();
        using (Stream text = literal.Open(message, PgpLiteralData.Binary, "", content.Length, DateTime.UtcNow))
        {
            text.Write(content);
        }

        signature.Update(content);
        signature.Generate().Encode(message);
        return compress ? Compress(message.ToArray()) : message.ToArray();
    }

    /// <summary>A packet of compressed data.</summary>
    public static byte[] Compress(byte[] packets)
    {
        using MemoryStream message = new();
        PgpCompressedDataGenerator generator = new(CompressionAlgorithmTag.ZLib);
        using (Stream stream = generator.Open(message))
        {
            stream.Write(packets);
        }

        return message.ToArray();
    }
}
