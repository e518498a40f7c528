// SPDX-License-Identifier: Apache-2.0

using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace SystemContainers.Tests.Fakes;

/// <summary>Someone with an OpenPGP key, who signs in ways that gpg would not; what gpg signs is in the tests against skopeo.</summary>
sealed class OpenPgpSigner
{
    private readonly PgpSecretKeyRing _ring;

    /// <param name="created">When the key was made.</param>
    /// <param name="holds">For how many seconds; 0 for ever.</param>
    /// <param name="flags">What it is for (RFC 4880, 5.2.3.21); null for saying nothing about it.</param>
    public OpenPgpSigner(DateTime? created = null, long holds = 0, int? flags = PgpKeyFlags.CanSign | PgpKeyFlags.CanCertify)
    {
        Ed25519KeyPairGenerator generator = new();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        PgpKeyPair pair = new(PublicKeyAlgorithmTag.EdDsa_Legacy, generator.GenerateKeyPair(), created ?? DateTime.UtcNow.AddMinutes(-5));
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
            PgpSignature.PositiveCertification, pair, "signer <signer@example.com>", SymmetricKeyAlgorithmTag.Null, Array.Empty<char>(), true, hashed.Generate(), null, new SecureRandom());
        _ring = ring.GenerateSecretKeyRing();
        Keyring = ring.GeneratePublicKeyRing().GetEncoded();
    }

    /// <summary>What a policy would name.</summary>
    public byte[] Keyring { get; }

    /// <summary>Signs inline.</summary>
    public byte[] Sign(byte[] content, Action<PgpSignatureSubpacketGenerator>? hashed = null, bool compress = false, int type = PgpSignature.BinaryDocument)
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
