// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.Http;
using Xunit;

namespace SystemContainers.Tests.Pull.Http;

public sealed class RealmRulesTests
{
    [Theory]
    [InlineData("https://registry-1.docker.io/", "https://auth.docker.io/token")]
    [InlineData("https://quay.io/", "https://quay.io/v2/auth")]
    [InlineData("https://10.0.0.1:5000/", "https://10.0.0.1/token")]
    [InlineData("https://localhost:5000/", "https://localhost:5001/token")]
    [InlineData("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token")]
    [InlineData("https://[::1]:5000/", "https://[::1]:5001/token")]
    public void A_sensible_token_server_may_be_asked(string registry, string realm) =>
        Assert.Equal(new Uri(realm), RealmRules.Check(realm, new Uri(registry)));

    [Theory]
    [InlineData("https://auth.example/token?scope=repository:secret:push")]
    [InlineData("https://auth.example/token?x=1;scope=repository:secret:push")]
    [InlineData("https://auth.example/token?%73cope=a&scope[]=b&SCOPE=c&service=other&account=root&offline_token=true")]
    [InlineData("https://auth.example/token?#scope=a")]
    public void Nothing_of_a_realms_own_query_is_asked(string realm) =>
        Assert.Equal(
            "https://auth.example/token",
            RealmRules.Check(realm, new Uri("https://registry.example/")).AbsoluteUri
        );

    [Theory]
    [InlineData("http://auth.example/token")]
    [InlineData("https://me:secret@auth.example/token")]
    [InlineData("https://good.example@evil.example/")]
    [InlineData("https://127.0.0.1/token")]
    [InlineData("https://0x7f.1/token")]
    [InlineData("https://2130706433/token")]
    [InlineData("https://0177.0.0.1/token")]
    [InlineData("https://0.0.0.0/token")]
    [InlineData("https://10.1.2.3/token")]
    [InlineData("https://172.31.0.1/token")]
    [InlineData("https://192.168.0.1/token")]
    [InlineData("https://169.254.169.254/token")]
    [InlineData("https://100.100.100.200/token")]
    [InlineData("https://[::1]/token")]
    [InlineData("https://[::]/token")]
    [InlineData("https://[::ffff:127.0.0.1]/token")]
    [InlineData("https://[fe80::1]/token")]
    [InlineData("https://[fd00::1]/token")]
    [InlineData("https://[64:ff9b::7f00:1]/token")]
    [InlineData("https://[64:ff9b::10.0.0.1]/token")]
    [InlineData("https://[64:ff9b:1::1]/token")]
    [InlineData("https://[2002:7f00:1::]/token")]
    [InlineData("https://[2002:a00:1::1]/token")]
    [InlineData("https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/token")]
    [InlineData("https://[::127.0.0.1]/token")]
    [InlineData("https://[::ffff:0:127.0.0.1]/token")]
    [InlineData("https://[2a00:1::5efe:127.0.0.1]/token")]
    [InlineData("https://[2001:db8::1]/token")]
    [InlineData("https://198.18.0.1/token")]
    [InlineData("https://localhost/token")]
    [InlineData("https://localhost./token")]
    [InlineData("https://LOCALHOST/token")]
    [InlineData("https://a.localhost/token")]
    [InlineData("https://127。0。0。1/token")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/token")]
    [InlineData("https://")]
    [InlineData(null)]
    public void A_token_server_that_an_attacker_would_name_is_refused(string? realm)
    {
        SysctrException e = Assert.Throws<SysctrException>(() =>
            RealmRules.Check(realm, new Uri("https://registry.example/"))
        );

        Assert.Equal(ErrorKind.Unauthorized, e.Kind);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }
}
