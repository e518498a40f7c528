// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.Timestamps;
using SystemContainers.Tests.Pull.Sigstore;
using Xunit;

namespace SystemContainers.Tests.Pull.Statements;

public sealed class TrustedRootTests
{
    [Theory]
    [InlineData("Ed25519")]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("RSA")]
    public void A_log_is_known_by_what_its_notes_are_signed_by(string kind)
    {
        using TestTiles log = new("Log.example", kind);

        TrustedLog read = Assert.Single(Read($"{{\"tlogs\":[{log.Json()}]}}").Logs);

        Assert.Equal(log.Id, read.Key.NoteId("Log.example"));
        Assert.Equal("Log.example", read.Origin);
        Assert.Equal(log.Id, read.Id);
        Assert.Null(Assert.Single(Read($"{{\"tlogs\":[{log.Json(withUrl: false)}],\"ctlogs\":null}}").Logs).Origin);
        Assert.Equal(
            log.Id,
            Assert
                .Single(
                    Read(
                        $"{{\"tlogs\":[{log.Json().Replace("logId", "checkpointKeyId", StringComparison.Ordinal)}]}}"
                    ).Logs
                )
                .Id
        );
    }

    /// <summary>Go's hexadecimal in the specification's own example:
    /// "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".</summary>
    [Fact]
    public void The_key_of_a_note_is_named_as_in_the_specification()
    {
        byte[] key = Convert.FromBase64String("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")[1..];
        byte[] spki = [.. Convert.FromHexString("302a300506032b6570032100"), .. key];

        SystemContainers.Pull.X509.VerificationKey read = SystemContainers.Pull.X509.VerificationKey.FromSpki(spki);

        Assert.Equal("530d903a", Convert.ToHexStringLower(read.NoteId("example.com/foo").AsSpan(0, 4)));
        byte[] signature = Convert.FromBase64String(
            "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
        )[4..];
        Assert.True(read.Verifies("This is an example message.\n"u8, signature, read.UsualHash));
    }

    [Theory]
    [InlineData("", "does not say since when")]
    [InlineData("\"start\":null,\"end\":\"2026-01-01T00:00:00Z\"", "does not say since when")]
    [InlineData("\"start\":\"yesterday\"", "is no time")]
    public void A_log_says_since_when_its_key_counts(string validFor, string why)
    {
        using TestTiles log = new("log.example");

        SysctrException e = Assert.Throws<SysctrException>(() =>
            Read($"{{\"tlogs\":[{log.Json(validFor: validFor)}]}}")
        );

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_for_timestamps_that_can_not_be_read_takes_nothing_from_others()
    {
        using StampedSamples samples = new();
        TrustedRoot good = Read(samples.TrustedRootJson);
        string broken = samples.TrustedRootJson.Replace(
            "\"timestampAuthorities\":[",
            "\"timestampAuthorities\":[{\"uri\":\"https://broken.example\",\"certChain\":{\"certificates\":[{\"rawBytes\":\"MAA=\"}]}},",
            StringComparison.Ordinal
        );

        TrustedRoot read = Read(broken);

        Assert.Equal(good.Logs.Count, read.Logs.Count);
        Assert.Equal(good.Stampers.Count + 1, read.Stampers.Count);
        Assert.Contains("certificate is malformed", read.Stampers[0].Unusable, StringComparison.Ordinal);
        SystemContainers.Oci.Digest image = SystemContainers.Oci.Digest.Sha256([1]);
        SigstoreBundle bundle = SigstoreBundle.Read(samples.Bundle(StampedSamples.Rows[0], image));
        Assert.Single(TimestampedSignature.Of(bundle.Timestamps, bundle.Envelope.Signature, read.Stampers).Times);
        Assert.Contains(
            "https://broken.example: of the trusted root's certificates",
            Assert.Single(
                TimestampedSignature.Of(bundle.Timestamps, bundle.Envelope.Signature, [read.Stampers[0]]).Why
            ),
            StringComparison.Ordinal
        );
    }

    private static TrustedRoot Read(string json) => TrustedRoot.Read(Encoding.UTF8.GetBytes(json));
}
