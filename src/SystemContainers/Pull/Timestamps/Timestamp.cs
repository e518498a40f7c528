// SPDX-License-Identifier: Apache-2.0

using System.Formats.Asn1;
using System.Security.Cryptography;
using SystemContainers.Pull.X509;

namespace SystemContainers.Pull.Timestamps;

/// <summary>That something was there at a time, in the words of whoever says so (RFC 3161). Nothing of it is to be
/// trusted before <see cref="TimestampAuthority.Check"/>.</summary>
/// <param name="Message">The signed message that it stands in.</param>
/// <param name="Hash">How the something is hashed.</param>
/// <param name="Time">When it was there.</param>
sealed record Timestamp(SignedData Message, HashAlgorithmName Hash, byte[] Imprint, DateTimeOffset Time)
{
    /// <summary>The largest answer of an authority that is read, in bytes: its certificates are in it.</summary>
    public const int MaxBytes = 64 << 10;

    private const string InfoType = "1.2.840.113549.1.9.16.1.4";

    /// <summary>Reads an authority's answer (TimeStampResp), as it is kept beside a signature.</summary>
    /// <exception cref="Errors.SysctrException">Policy: it is malformed, or no timestamp was granted.</exception>
    public static Timestamp Read(ReadOnlyMemory<byte> response)
    {
        SignedData message = SignedData.Read(
            Fault.Reading(
                "the timestamp",
                () =>
                    Token(
                        response.Length <= MaxBytes ? response : throw Fault.Of($"it is larger than {MaxBytes} bytes")
                    )
            )
        );
        return message.ContentType == InfoType
            ? Fault.Reading("the timestamp", () => Info(message))
            : throw Fault.Of("what is signed is no timestamp");
    }

    private static ReadOnlyMemory<byte> Token(ReadOnlyMemory<byte> response)
    {
        AsnReader outer = new(response, AsnEncodingRules.DER);
        AsnReader answer = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        AsnReader status = answer.ReadSequence();

        // One "with modifications" is refused by sigstore-go, too.
        if (!status.TryReadInt32(out int granted) || granted != 0)
        {
            throw Fault.Of("the authority has not granted it");
        }

        ReadOnlyMemory<byte> token = answer.ReadEncodedValue();
        answer.ThrowIfNotEmpty();
        return token;
    }

    private static Timestamp Info(SignedData message)
    {
        AsnReader outer = new(message.Content, AsnEncodingRules.DER);
        AsnReader info = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        if (!info.TryReadInt32(out int version) || version != 1)
        {
            throw Fault.Of("it is of another version than 1");
        }

        _ = info.ReadObjectIdentifier();
        AsnReader imprint = info.ReadSequence();
        HashAlgorithmName hash = SignedData.HashOf(imprint.ReadSequence().ReadObjectIdentifier());
        byte[] hashed = imprint.ReadOctetString();
        imprint.ThrowIfNotEmpty();
        _ = info.ReadIntegerBytes();
        DateTimeOffset time = info.ReadGeneralizedTime();

        // Accuracy, order, nonce and name say nothing that is asked for here.
        foreach (
            Asn1Tag tag in (Asn1Tag[])
                [
                    Asn1Tag.Sequence,
                    Asn1Tag.Boolean,
                    Asn1Tag.Integer,
                    new(TagClass.ContextSpecific, 0, isConstructed: true),
                ]
        )
        {
            if (info.HasData && info.PeekTag() == tag)
            {
                _ = info.ReadEncodedValue();
            }
        }

        if (info.HasData)
        {
            CheckExtensions(info.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1, isConstructed: true)));
        }

        info.ThrowIfNotEmpty();
        return new Timestamp(message, hash, hashed, time);
    }

    private static void CheckExtensions(AsnReader extensions)
    {
        while (extensions.HasData)
        {
            AsnReader extension = extensions.ReadSequence();
            string oid = extension.ReadObjectIdentifier();
            if (extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean())
            {
                throw Fault.Of($"it has a critical extension that is not known ({oid})");
            }
        }
    }
}
