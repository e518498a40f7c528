// SPDX-License-Identifier: Apache-2.0

using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using SystemContainers.Pull.OpenPgp;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull.OpenPgp;

/// <summary>What gpg makes and accepts is in SignatureOracleTests; here is what it would not make.</summary>
public sealed class SignedMessageTests
{
    private static readonly byte[] s_content = "signed"u8.ToArray();

    // Made by gpg 2.2.40: a key that names a revoker (addrevoker), what it signed, the revoker, and the key once that
    // revoked it (desig-revoke).
    private const string GpgKey =
        "mDMEZZKpQBYJKwYBBAHaRw8BAQdAtC1L3XVWsdSJH9qcwoYXEjekWxVhO3dh8wkjXsKAbmiIkAQfFggAOBYhBJSL9kwFKmN7AfeAy8fbGgLLxxzGBQJlkqlAFwyAFmMxXo5oycI6HRZi"
        + "Kt8a0lYh6KtTAgcAAAoJEMfbGgLLxxzGWo4A/1ZwgEV6pbja8waC0T0ukfkIM+6B/DNUjp1+rYG/b3A1AP4xj0JTIc35I96p4N76+E9emXvhi1yNpgdL21PHq/ovD7QRYSA8YUBleGFt"
        + "cGxlLmNvbT6IkAQTFggAOBYhBJSL9kwFKmN7AfeAy8fbGgLLxxzGBQJlkqlAAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEMfbGgLLxxzG6fEBANGg+UyUTc+G3KBm4wxw61g4"
        + "m8BEB+q1lPkLgeGBfwTRAQD7uN/pozFV72fOhfzklk5ZJBwvUd9x3qGREF0OUyauBw==";

    private const string GpgMessage =
        "kA0DAAgWx9saAsvHHMYBrBFiBXBsYWluZZP6wHNpZ25lZIiEBAAWCAAsFiEElIv2TAUqY3sB94DLx9saAsvHHMYFAmWT+sAOHGFAZXhhbXBsZS5jb20ACgkQx9saAsvHHMY3iQD/aPME"
        + "o+XBTSti3B2Nwo/F9H2LmAodpam7+LrN95+GLnYA/Ru/5JEwwV451W8A+ahgK7Lnj0TScDQme0nseyJgJyYC";

    private const string GpgRevoker =
        "mDMEZZKpQBYJKwYBBAHaRw8BAQdAOKwar/ADNxrXlGqZt4avW5tOrMS+yJj1ZLNzbU8NUbu0EXIgPHJAZXhhbXBsZS5jb20+iJAEExYIADgWIQRjMV6OaMnCOh0WYirfGtJWIeirUwUC"
        + "ZZKpQAIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRDfGtJWIeirU7iFAP9u8c/NtSIglljQhntNVpmJSYUkf+162ZfzgpbK2Q0WCQD+K7qQi7zjSlVb0RgXBIQnDAXVGW6yjfFb"
        + "kzMsNaxlsQw=";

    private const string GpgRevoked =
        "mDMEZZKpQBYJKwYBBAHaRw8BAQdAtC1L3XVWsdSJH9qcwoYXEjekWxVhO3dh8wkjXsKAbmiIeAQgFggAIBYhBGMxXo5oycI6HRZiKt8a0lYh6KtTBQJllUxAAh0AAAoJEN8a0lYh6KtT"
        + "YigBAOmEKwxl+LxUxyzZB2fgjUpz6gjQ7NOueAIWuhQJEhfMAQCMzHEJH7v4AhEvNevzJeFyx9ALvgXsKAwcxMUcnmGwDYiQBB8WCAA4FiEElIv2TAUqY3sB94DLx9saAsvHHMYFAmWS"
        + "qUAXDIAWYzFejmjJwjodFmIq3xrSViHoq1MCBwAACgkQx9saAsvHHMZajgD/VnCARXqluNrzBoLRPS6R+Qgz7oH8M1SOnX6tgb9vcDUA/jGPQlMhzfkj3qng3vr4T16Ze+GLXI2mB0vb"
        + "U8er+i8PtBFhIDxhQGV4YW1wbGUuY29tPoiQBBMWCAA4FiEElIv2TAUqY3sB94DLx9saAsvHHMYFAmWSqUACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQx9saAsvHHMbp8QEA"
        + "0aD5TJRNz4bcoGbjDHDrWDibwEQH6rWU+QuB4YF/BNEBAPu43+mjMVXvZ86F/OSWTlkkHC9R33HeoZEQXQ5TJq4H";

    private readonly OpenPgpSigner _signer = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_signed_comes_out(bool compressed)
    {
        OpenPgpVerdict verdict = Check(_signer.Sign(s_content, compress: compressed), _signer);

        Assert.Null(verdict.Fault);
        Assert.Equal(s_content, verdict.Content);
        Assert.Equal(40, verdict.Signer!.Length);
    }

    [Fact]
    public void A_message_without_one_pass_packet_counts_as_well()
    {
        byte[] message = _signer.Sign(s_content);
        PgpObjectFactory packets = new(message);

        // By its length: the identifier of the key, which is random, may have any byte.
        int literal = ((PgpOnePassSignatureList)packets.NextPgpObject())[0].GetEncoded().Length;
        Assert.Equal(0xcb, message[literal]);
        PgpLiteralData text = (PgpLiteralData)packets.NextPgpObject();
        text.GetInputStream().CopyTo(Stream.Null);
        byte[] signature = ((PgpSignatureList)packets.NextPgpObject())[0].GetEncoded();

        Assert.Equal(s_content, Check([.. signature, .. message[literal..^signature.Length]], _signer).Content);
    }

    [Fact]
    public void Another_key_does_not_count()
    {
        Assert.Contains(
            "not among them",
            Check(_signer.Sign(s_content), new OpenPgpSigner()).Fault,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_key_that_is_not_for_signing_does_not_count()
    {
        OpenPgpSigner certifier = new(flags: PgpKeyFlags.CanCertify);

        Assert.Contains("not for signing", Check(certifier.Sign(s_content), certifier).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_says_nothing_of_what_it_is_for_counts()
    {
        OpenPgpSigner any = new(flags: null);

        Assert.Null(Check(any.Sign(s_content), any).Fault);
    }

    [Fact]
    public void An_expired_key_does_not_count()
    {
        OpenPgpSigner old = new(DateTime.UtcNow.AddDays(-3), holds: 86400);

        Assert.Contains("the key expired", Check(old.Sign(s_content), old).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_owner_says_directly_of_the_key_counts()
    {
        OpenPgpSigner old = new(DateTime.UtcNow.AddDays(-3));
        byte[] message = old.Sign(s_content);

        Assert.Contains(
            "the key expired",
            Check(message, old.With(PgpSignature.DirectKey, p => p.SetKeyExpirationTime(false, 86400))).Fault,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "not for signing",
            Check(message, old.With(PgpSignature.DirectKey, p => p.SetKeyFlags(false, PgpKeyFlags.CanCertify))).Fault,
            StringComparison.Ordinal
        );
        Assert.Null(Check(message, old.With(PgpSignature.DirectKey)).Fault);
    }

    [Fact]
    public void What_is_not_the_owners_says_nothing_of_the_key()
    {
        OpenPgpSigner old = new(DateTime.UtcNow.AddDays(-3));
        byte[] message = old.Sign(s_content);

        Assert.Null(
            Check(
                message,
                old.With(PgpSignature.DirectKey, p => p.SetKeyExpirationTime(false, 86400), by: new OpenPgpSigner())
            ).Fault
        );
        Assert.Null(
            Check(
                message,
                old.With(PgpSignature.DirectKey, p => p.SetKeyExpirationTime(false, 86400), broken: true)
            ).Fault
        );
    }

    [Fact]
    public void A_direct_signature_that_is_over_says_nothing_of_the_key()
    {
        OpenPgpSigner old = new(DateTime.UtcNow.AddDays(-3));

        Assert.Null(
            Check(
                old.Sign(s_content),
                old.With(PgpSignature.DirectKey, OfADay, created: DateTime.UtcNow.AddDays(-2))
            ).Fault
        );
        Assert.NotNull(Check(old.Sign(s_content), old.With(PgpSignature.DirectKey, OfADay)).Fault);

        static void OfADay(PgpSignatureSubpacketGenerator packets)
        {
            packets.SetKeyFlags(false, PgpKeyFlags.CanCertify);
            packets.SetSignatureExpirationTime(false, 86400);
        }
    }

    [Fact]
    public void A_key_is_revoked_by_its_owner_and_by_whom_the_owner_named()
    {
        OpenPgpSigner revoker = new();
        byte[] message = _signer.Sign(s_content);
        byte[] named = _signer.With(
            PgpSignature.DirectKey,
            p => p.AddRevocationKey(false, PublicKeyAlgorithmTag.EdDsa_Legacy, revoker.Fingerprint)
        );
        byte[] revoked = _signer.With(PgpSignature.KeyRevocation, by: revoker, keyring: named);

        Assert.Contains(
            "the key is revoked",
            Check(message, _signer.With(PgpSignature.KeyRevocation)).Fault,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "revoked by a key that its owner named",
            Check(message, revoked, revoker.Keyring).Fault,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "revoked by a key that its owner named",
            Check(message, revoker.Keyring, revoked).Fault,
            StringComparison.Ordinal
        );

        // Nobody named it; it is not there, so that nobody can tell whose it is; the revocation is of another key.
        Assert.Null(Check(message, _signer.With(PgpSignature.KeyRevocation, by: revoker), revoker.Keyring).Fault);
        Assert.Null(Check(message, revoked).Fault);
        Assert.Null(
            Check(
                message,
                _signer.With(PgpSignature.KeyRevocation, by: revoker, keyring: named, broken: true),
                revoker.Keyring
            ).Fault
        );
    }

    [Fact]
    public void A_revocation_by_gpg_for_somebody_else_counts()
    {
        byte[] message = Convert.FromBase64String(GpgMessage);

        Assert.Null(Check(message, Convert.FromBase64String(GpgKey), Convert.FromBase64String(GpgRevoker)).Fault);
        Assert.Contains(
            "revoked by a key",
            Check(message, Convert.FromBase64String(GpgRevoked), Convert.FromBase64String(GpgRevoker)).Fault,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "revoked by a key",
            Check(
                message,
                Convert.FromBase64String(GpgKey),
                Convert.FromBase64String(GpgRevoker),
                Convert.FromBase64String(GpgRevoked)
            ).Fault,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_key_of_the_future_does_not_count()
    {
        OpenPgpSigner early = new(DateTime.UtcNow.AddDays(1));

        Assert.Contains("future", Check(early.Sign(s_content), early).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signature_ends()
    {
        byte[] message = _signer.Sign(s_content, p => p.SetSignatureExpirationTime(false, 60));

        Assert.Null(Check(message, _signer).Fault);
        Assert.Contains(
            "the signature expired",
            SignedMessage
                .Check(message, OpenPgpKeyring.Read([_signer.Keyring]), 1000, DateTime.UtcNow.AddMinutes(2), Token)
                .Fault,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_critical_and_not_known_refuses()
    {
        Assert.Contains(
            "critical",
            Check(_signer.Sign(s_content, p => p.AddCustomSubpacket(new Unheard(true))), _signer).Fault,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "critical",
            Check(_signer.Sign(s_content, p => p.AddNotationData(true, true, "x@example.com", "y")), _signer).Fault,
            StringComparison.Ordinal
        );
        Assert.Null(Check(_signer.Sign(s_content, p => p.AddCustomSubpacket(new Unheard(false))), _signer).Fault);
    }

    [Fact]
    public void A_certification_is_no_signature_of_a_document()
    {
        Assert.Contains(
            "not one over a document",
            Check(_signer.Sign(s_content, type: PgpSignature.StandAlone), _signer).Fault,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_small_message_that_grows_is_bounded()
    {
        byte[] message = _signer.Sign(new byte[6_000_000], compress: true);
        Assert.True(message.Length < 100_000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("larger than 1000 bytes", Check(message, _signer).Fault, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4_000_000);
    }

    [Theory]
    [InlineData(0xc2)] // a signature
    [InlineData(0xc4)] // one pass
    [InlineData(0xca)] // a mark
    [InlineData(0xcd)] // a name
    [InlineData(0xd1)] // a picture
    public void A_small_message_is_bounded_whatever_packet_grows(int packet)
    {
        // The new format's length of five bytes (RFC 4880, 4.2.2.3), and first a version that BouncyCastle reads on
        // with.
        byte[] large = new byte[20_000_006];
        ((byte[])[(byte)packet, 0xff, 0x01, 0x31, 0x2d, 0x00, 4]).CopyTo(large, 0);
        byte[] message = _signer.Sign(s_content);
        byte[] signature = new PgpObjectFactory(message).NextPgpObject() is PgpOnePassSignatureList list
            ? list[0].GetEncoded()
            : [];
        foreach (byte[] bomb in (byte[][])[large, [.. signature, .. large], [.. message, .. large]])
        {
            byte[] packed = OpenPgpSigner.Compress(bomb);
            Assert.True(packed.Length < 100_000);
            long before = GC.GetAllocatedBytesForCurrentThread();

            Assert.NotNull(Check(packed, _signer).Fault);
            Assert.True(
                GC.GetAllocatedBytesForCurrentThread() - before < 4_000_000,
                $"{packet:x2}: {GC.GetAllocatedBytesForCurrentThread() - before}"
            );
        }
    }

    [Fact]
    public void Unpacking_ends_when_it_is_to()
    {
        using CancellationTokenSource source = new();
        source.Cancel();

        Assert.Throws<OperationCanceledException>(() =>
            SignedMessage.Check(
                _signer.Sign(s_content, compress: true),
                OpenPgpKeyring.Read([_signer.Keyring]),
                1000,
                DateTime.UtcNow,
                source.Token
            )
        );
    }

    [Fact]
    public void Compressed_twice_is_no_message()
    {
        Assert.NotNull(Check(OpenPgpSigner.Compress(_signer.Sign(s_content, compress: true)), _signer).Fault);
    }

    [Fact]
    public void Nothing_may_stand_behind()
    {
        byte[] message = _signer.Sign(s_content);

        Assert.NotNull(Check([.. message, .. message], _signer).Fault);
        Assert.NotNull(
            Check(OpenPgpSigner.Compress([.. message, .. _signer.Sign("other"u8.ToArray())]), _signer).Fault
        );
    }

    [Fact]
    public void No_changed_byte_passes_for_what_was_signed()
    {
        byte[] message = _signer.Sign(s_content);
        OpenPgpKeyring keys = OpenPgpKeyring.Read([_signer.Keyring]);
        for (int at = 0; at < message.Length; at++)
        {
            byte[] changed = [.. message];
            changed[at] ^= 0x41;
            OpenPgpVerdict verdict = SignedMessage.Check(changed, keys, 1000, DateTime.UtcNow, Token);
            Assert.True(verdict.Content is null || verdict.Content.SequenceEqual(s_content), $"{at}");
        }
    }

    [Fact]
    public void A_keyring_without_a_key_is_empty()
    {
        Assert.True(
            OpenPgpKeyring
                .Read([
                    [],
                    "nothing"u8.ToArray(),
                    _signer.Sign(s_content),
                    _signer.Keyring[..20],
                ])
                .IsEmpty
        );
        Assert.False(
            OpenPgpKeyring
                .Read([
                    [],
                    _signer.Keyring,
                ])
                .IsEmpty
        );
    }

    private sealed class Unheard(bool critical) : SignatureSubpacket((SignatureSubpacketTag)100, critical, false, [1]);

    private static OpenPgpVerdict Check(byte[] message, OpenPgpSigner signer) => Check(message, signer.Keyring);

    private static OpenPgpVerdict Check(byte[] message, params byte[][] keyrings) =>
        SignedMessage.Check(message, OpenPgpKeyring.Read(keyrings), 1000, DateTime.UtcNow, Token);
}
