// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Statements;
using SystemContainers.Pull.Timestamps;
using Xunit;

namespace SystemContainers.Tests.Pull.Statements;

/// <summary>Bundles whose time an authority for timestamps says, and such with entries of Rekor's second
/// version.</summary>
public sealed class StampedBundleTests
{
    private static readonly Digest s_image = Digest.Sha256([1, 2, 3]);
    private static readonly DateTimeOffset s_now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A dozen authorities, which no row changes.
    private static readonly StampedSamples s_samples = new();

    public static TheoryData<int, string> Rows =>
        [.. StampedSamples.Rows.Index().Select(r => (r.Index, $"{r.Item.By}, {r.Item.Entries}: {r.Item.How}"))];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_bundle_counts_only_where_all_of_it_is_right(int row, string name)
    {
        StampedRow sample = StampedSamples.Rows[row];

        BundleVerdict verdict = BundleVerifier.Verify(
            s_samples.Bundle(sample, s_image),
            s_image,
            s_samples.Trust(sample),
            s_now
        );

        Assert.True(verdict.Statement is not null == sample.Why is null, $"{name}: {verdict.Reason ?? "it counts"}");
        Assert.Contains(sample.Why ?? "", verdict.Reason ?? "", StringComparison.Ordinal);
    }

    /// <summary>Each byte of a timestamp says something, or stands where nobody reads: none makes it count another
    /// signature, and none throws.</summary>
    [Fact]
    [Trait("needs", "time")]
    public void No_altered_byte_of_a_timestamp_is_more_than_a_reason()
    {
        StampedRow row = StampedSamples.Rows.First(r => r is { How: "good", By: "without log" });
        byte[] good = s_samples.Bundle(row, s_image);
        SigstoreBundle bundle = SigstoreBundle.Read(good);
        BundleTrust trust = s_samples.Trust(row);
        byte[] stamp = Assert.Single(bundle.Timestamps);
        DateTimeOffset time = Assert.Single(
            TimestampedSignature.Of([stamp], bundle.Envelope.Signature, trust.Stampers).Times
        );
        int refused = 0;
        for (int at = 0; at < stamp.Length; at++)
        {
            byte[] altered = [.. stamp];
            altered[at] ^= 0x55;
            TimestampedSignature judged = TimestampedSignature.Of([altered], bundle.Envelope.Signature, trust.Stampers);
            Assert.True(judged.Times.Count + judged.Why.Count == 1 && judged.Times.All(t => t == time), $"byte {at}");
            refused += judged.Why.Count;
        }

        // What is not covered are frames that repeat what is signed, and certificates that are not needed since the
        // host has them.
        Assert.True(refused > stamp.Length / 2, $"{refused} of {stamp.Length}");
    }
}
