// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Statements;
using Xunit;

namespace SystemContainers.Tests.Pull.Statements;

public sealed class BundleVerifierTests : IDisposable
{
    private static readonly Digest s_image = Digest.Sha256([1, 2, 3]);
    private static readonly DateTimeOffset s_now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly BundleSamples _samples = new();

    public static TheoryData<string, string?> OfIdentity => [.. BundleSamples.OfIdentity];

    public static TheoryData<string, string?> OfKey => [.. BundleSamples.OfKey];

    public void Dispose() => _samples.Dispose();

    [Theory]
    [MemberData(nameof(OfIdentity))]
    public void A_bundle_of_an_identity_counts_only_where_all_of_it_is_right(string how, string? why) =>
        Judged(why, BundleVerifier.Verify(_samples.ByIdentity(how, s_image), s_image, _samples.IdentityTrust(), s_now));

    [Theory]
    [MemberData(nameof(OfKey))]
    public void A_bundle_of_a_key_counts_only_where_all_of_it_is_right(string how, string? why) =>
        Judged(why, BundleVerifier.Verify(_samples.ByKey(how, s_image), s_image, _samples.KeyTrust(how), s_now));

    [Theory]
    [InlineData("https://github.example/team/app/.github/workflows/release.yml@refs/tags/*", null)]
    [InlineData("https://github.example/team/*/.github/workflows/release.yml@refs/tags/v1", null)]
    [InlineData("https://github.example/team/**@refs/tags/*", null)]
    [InlineData("https://github.example/team/*@refs/tags/*", "not for")]
    [InlineData("https://github.example/team/app/.github/workflows/release.yml@refs/tags", "not for")]
    [InlineData("https://githubXexample/**", "not for")]
    [InlineData("github.example/**", "not for")]
    public void A_workflow_may_be_named_by_a_pattern(string subject, string? why) =>
        Judged(
            why,
            BundleVerifier.Verify(_samples.ByIdentity("good", s_image), s_image, _samples.IdentityTrust(subject), s_now)
        );

    [Fact]
    public void A_key_alone_is_no_log_and_an_identity_without_a_log_is_none()
    {
        Judged(
            "no trusted log",
            BundleVerifier.Verify(
                _samples.ByKey("good", s_image),
                s_image,
                _samples.KeyTrust("good") with
                {
                    Logs = _samples.IdentityTrust().Logs,
                },
                s_now
            )
        );
        Judged(
            "says when it was signed",
            BundleVerifier.Verify(
                _samples.ByIdentity("good", s_image),
                s_image,
                _samples.IdentityTrust() with
                {
                    Logs = null,
                },
                s_now
            )
        );
        Judged(
            "no certificate",
            BundleVerifier.Verify(_samples.ByKey("good", s_image), s_image, _samples.IdentityTrust(), s_now)
        );
    }

    [Fact]
    public void What_is_stated_is_what_was_signed()
    {
        byte[] statement = BundleSamples.Statement(
            s_image,
            "https://spdx.dev/Document",
            """{"spdxVersion": "SPDX-2.3"}"""
        );

        InTotoStatement? read = BundleVerifier
            .Verify(_samples.ByKey("good", s_image, statement), s_image, _samples.KeyTrust("good"), s_now)
            .Statement;

        Assert.Equal("https://spdx.dev/Document", read?.PredicateType);
        Assert.Equal("""{"spdxVersion": "SPDX-2.3"}""", System.Text.Encoding.UTF8.GetString(read!.Predicate));
    }

    private static void Judged(string? why, BundleVerdict verdict)
    {
        Assert.True(verdict.Statement is not null == why is null, verdict.Reason ?? "it counts");
        Assert.Contains(why ?? "", verdict.Reason ?? "", StringComparison.Ordinal);
    }
}
