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
        _ = packets.NextPgpObject();
        PgpLiteralData text = (PgpLiteralData)packets.NextPgpObject();
        text.GetInputStream().CopyTo(Stream.Null);
        byte[] signature = ((PgpSignatureList)packets.NextPgpObject())[0].GetEncoded();
        int literal = message.AsSpan().IndexOf((byte)0xcb);

        Assert.Equal(s_content, Check([.. signature, .. message[literal..^signature.Length]], _signer).Content);
    }

    [Fact]
    public void Another_key_does_not_count()
    {
        Assert.Contains("not among them", Check(_signer.Sign(s_content), new OpenPgpSigner()).Fault, StringComparison.Ordinal);
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
        Assert.Contains("the signature expired", SignedMessage.Check(message, OpenPgpKeyring.Read([_signer.Keyring]), 1000, DateTime.UtcNow.AddMinutes(2), Token).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_critical_and_not_known_refuses()
    {
        Assert.Contains("critical", Check(_signer.Sign(s_content, p => p.AddCustomSubpacket(new Unheard(true))), _signer).Fault, StringComparison.Ordinal);
        Assert.Contains("critical", Check(_signer.Sign(s_content, p => p.AddNotationData(true, true, "x@example.com", "y")), _signer).Fault, StringComparison.Ordinal);
        Assert.Null(Check(_signer.Sign(s_content, p => p.AddCustomSubpacket(new Unheard(false))), _signer).Fault);
    }

    [Fact]
    public void A_certification_is_no_signature_of_a_document()
    {
        Assert.Contains("not one over a document", Check(_signer.Sign(s_content, type: PgpSignature.StandAlone), _signer).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_small_message_that_grows_is_bounded()
    {
        byte[] message = _signer.Sign(new byte[20_000_000], compress: true);
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
        // The new format's length of five bytes (RFC 4880, 4.2.2.3), and first a version that BouncyCastle reads on with.
        byte[] large = new byte[20_000_006];
        ((byte[])[(byte)packet, 0xff, 0x01, 0x31, 0x2d, 0x00, 4]).CopyTo(large, 0);
        byte[] message = _signer.Sign(s_content);
        byte[] signature = new PgpObjectFactory(message).NextPgpObject() is PgpOnePassSignatureList list ? list[0].GetEncoded() : [];
        foreach (byte[] bomb in (byte[][])[large, [.. signature, .. large], [.. message, .. large]])
        {
            byte[] packed = OpenPgpSigner.Compress(bomb);
            Assert.True(packed.Length < 100_000);
            long before = GC.GetAllocatedBytesForCurrentThread();

            Assert.NotNull(Check(packed, _signer).Fault);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4_000_000, $"{packet:x2}: {GC.GetAllocatedBytesForCurrentThread() - before}");
        }
    }

    [Fact]
    public void Unpacking_ends_when_it_is_to()
    {
        using CancellationTokenSource source = new();
        source.Cancel();

        Assert.Throws<OperationCanceledException>(
            () => SignedMessage.Check(_signer.Sign(s_content, compress: true), OpenPgpKeyring.Read([_signer.Keyring]), 1000, DateTime.UtcNow, source.Token));
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
        Assert.NotNull(Check(OpenPgpSigner.Compress([.. message, .. _signer.Sign("other"u8.ToArray())]), _signer).Fault);
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
        Assert.True(OpenPgpKeyring.Read([[], "nothing"u8.ToArray(), _signer.Sign(s_content), _signer.Keyring[..20]]).IsEmpty);
        Assert.False(OpenPgpKeyring.Read([[], _signer.Keyring]).IsEmpty);
    }

    private sealed class Unheard(bool critical) : SignatureSubpacket((SignatureSubpacketTag)100, critical, false, [1]);

    private static OpenPgpVerdict Check(byte[] message, OpenPgpSigner signer) => Check(message, signer.Keyring);

    private static OpenPgpVerdict Check(byte[] message, params byte[][] keyrings) => SignedMessage.Check(message, OpenPgpKeyring.Read(keyrings), 1000, DateTime.UtcNow, Token);
}
