// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Trust.Signatures;

/// <summary>A signature in a file of its own, of a lookaside storage or a <c>dir:</c> (containers/image,
/// internal/signature, FromBlob).</summary>
static class SignatureBlob
{
    /// <summary>As much as containers/image reads.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>Tells by its first bytes what it is.</summary>
    /// <param name="where">Where it was found.</param>
    /// <exception cref="SysctrException">Policy: it is no signature, so that nobody knows what it was to
    /// say.</exception>
    public static ImageSignature Parse(string where, byte[] blob)
    {
        switch (blob)
        {
            // An OpenPGP packet (RFC 4880, 4.2) of compressed data, of a signature, or of the one pass before what is
            // signed. 0x3d is in containers/image's list and can't begin a packet: it is taken, and fails of its key.
            case [
                (>= 0xa0 and <= 0xa3)
                or 0xc8
                or (>= 0x90 and <= 0x92)
                or 0x3d
                or 0xc4
                or (>= 0x88 and <= 0x8b)
                or 0xc2,
                ..,
            ]:
                return new SimpleSignature(where, blob);

            // A zero, the format's name, a line end, the rest.
            case [0, ..]:
                int end = Array.IndexOf(blob, (byte)'\n');
                return (end < 0 ? "" : Encoding.Latin1.GetString(blob, 1, end - 1)) switch
                {
                    "simple-signing" => new SimpleSignature(where, blob[(end + 1)..]),
                    "sigstore-json" => Sigstore(where, blob.AsSpan(end + 1)),
                    var other => throw Malformed(
                        where,
                        other.Length is > 0 and < 64
                            ? $"its format '{Redact.Text(other)}' is not known"
                            : "it does not say what format it has"
                    ),
                };
            case []:
                throw Malformed(where, "it is empty");
            default:
                throw Malformed(where, $"nothing of the known formats begins with 0x{blob[0]:x2}");
        }
    }

    private static SigstoreSignature Sigstore(string where, ReadOnlySpan<byte> json)
    {
        try
        {
            SigstoreBlob blob =
                JsonSerializer.Deserialize(json, SigstoreBlobJson.Default.SigstoreBlob)
                ?? new SigstoreBlob(null, null, null);
            return new SigstoreSignature(
                where,
                blob.MimeType ?? "",
                blob.Payload ?? [],
                (blob.Annotations ?? []).ToDictionary(a => a.Key, a => a.Value ?? "", StringComparer.Ordinal)
            );
        }
        catch (JsonException e)
        {
            throw Malformed(where, Redact.Text(JsonFault.Of(e)), e);
        }
    }

    private static SysctrException Malformed(string where, string why, Exception? inner = null) =>
        new(
            ErrorKind.Policy,
            $"reading the signature {where}: {why}",
            "what stands there is no signature; see containers-signature(5)",
            inner
        );
}
