// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using SystemContainers.Pull.Http;
using Xunit;

namespace SystemContainers.Tests.Pull.Http;

public sealed class AuthChallengeTests
{
    [Fact]
    public void A_bearer_challenge_is_read()
    {
        AuthChallenge challenge = Assert.Single(
            AuthChallenge.Parse(
                "Bearer realm=\"https://auth.example/token\",service=\"registry.example\", scope = \"repository:a/b:pull,push\""
            )
        );

        Assert.Equal("bearer", challenge.Scheme);
        Assert.Equal("https://auth.example/token", challenge.Parameters["realm"]);
        Assert.Equal("registry.example", challenge.Parameters["service"]);
        Assert.Equal("repository:a/b:pull,push", challenge.Parameters["scope"]);
    }

    [Theory]
    [InlineData("Basic realm=\"a\", Bearer realm=\"b\"", "basic:a bearer:b")]
    [InlineData("Negotiate, BASIC Realm=plain", "negotiate: basic:plain")]
    [InlineData("Basic realm=\"a \\\"quoted\\\" , Bearer realm=evil\"", "basic:a \"quoted\" , Bearer realm=evil")]
    [InlineData("Bearer realm=\"first\",realm=\"second\"", "bearer:first")]
    [InlineData("Bearer realm=\"unfinished", "bearer:")]
    [InlineData("Bearer realm", "bearer: realm:")]
    [InlineData("", "")]
    [InlineData("===", "")]
    public void Headers_of_all_shapes_are_read_as_far_as_they_make_sense(string header, string expected) =>
        Assert.Equal(
            expected,
            string.Join(
                ' ',
                AuthChallenge.Parse(header).Select(c => $"{c.Scheme}:{c.Parameters.GetValueOrDefault("realm")}")
            )
        );

    [Fact]
    public void Any_header_is_read_without_an_exception_and_in_the_end() =>
        Gen.Char["abBearer =,\"\\ \t;/:."]
            .Array[0, 60]
            .Select(c => new string(c))
            .Check(h => Assert.All(AuthChallenge.Parse(h), c => Assert.NotEmpty(c.Scheme)));

    [Fact]
    public void Any_value_survives_quoting() =>
        Gen.Char[' ', '~']
            .Array[0, 30]
            .Select(c => new string(c))
            .Check(value =>
            {
                string quoted = value
                    .Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("\"", "\\\"", StringComparison.Ordinal);
                AuthChallenge challenge = Assert.Single(AuthChallenge.Parse($"Bearer realm=\"{quoted}\", service=s"));
                Assert.Equal(value, challenge.Parameters["realm"]);
                Assert.Equal("s", challenge.Parameters["service"]);
            });
}
