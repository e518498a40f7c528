// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Target;
using SystemContainers.Transactions;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>Whose a state directory is when several containers want it.</summary>
[Trait("needs", "root")]
public sealed class StateClaimsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-claims-").FullName;
    private readonly Host _host;
    private readonly StateClaims _claims;

    public StateClaimsTests()
    {
        Directory.CreateDirectory(_root + "/var/lib");
        _host = Host.Open(_root, _ => { });
        _claims = new StateClaims(_host);
    }

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [InlineData("/var/lib/shared")]
    [InlineData("/var/lib/shared/inner")]
    [InlineData("/var/lib/shared/inner/most")]
    public void What_another_has_claimed_is_not_claimed_again(string wanted)
    {
        _claims.Claim("aa", ["/var/lib/shared/inner"]);

        Assert.Empty(_claims.Claimable("bb", [wanted]));
        Assert.Equal([wanted], _claims.Claimable("aa", [wanted]));
    }

    [Fact]
    public void Of_two_that_were_prepared_together_the_first_keeps_it()
    {
        Assert.Equal(["/var/lib/shared"], _claims.Claimable("aa", ["/var/lib/shared"]));
        Assert.Equal(["/var/lib/shared"], _claims.Claimable("bb", ["/var/lib/shared"]));

        _claims.Claim("aa", ["/var/lib/shared"]);
        _claims.Claim("bb", ["/var/lib/shared", "/var/lib/bb"]);

        Assert.Equal(["/var/lib/shared"], _claims.Of("aa"));
        Assert.Equal(["/var/lib/bb"], _claims.Of("bb"));
        Assert.Equal("aa", _claims.OtherUser("bb", "/var/lib/shared"));
        Assert.Equal("aa", _claims.OtherUser("bb", "/var/lib/shared/data"));
    }

    [Fact]
    public void Only_who_has_a_claim_gives_it_up()
    {
        _claims.Claim("aa", ["/var/lib/shared"]);

        _claims.Release("bb", ["/var/lib/shared"]);
        Assert.Equal(["/var/lib/shared"], _claims.Of("aa"));

        _claims.Release("aa", ["/var/lib/shared"]);
        Assert.Empty(_claims.Of("aa"));
    }

    [Theory]
    [InlineData("d /var/lib/shared 0700 0 0 - -\n", "{}", "bb")]
    [InlineData("d /var/lib/shared/bb 0700 0 0 - -\n", "{}", "bb")]
    [InlineData("", """{"mounts": [{"type": "bind", "source": "/var/lib/shared/bb", "options": ["rw"]}]}""", "bb")]
    [InlineData("", """{"mounts": [{"type": "bind", "source": "/var/lib", "options": ["rw"]}]}""", null)]
    [InlineData(
        "d /var/lib/bb 0700 0 0 - -\n",
        """{"mounts": [{"type": "bind", "source": "/var/lib/shared2"}]}""",
        null
    )]
    public void A_directory_that_another_container_uses_without_a_claim_is_its_too(
        string tmpfiles,
        string config,
        string? other
    )
    {
        _claims.Claim("aa", ["/var/lib/shared"]);
        string deployment = _host.Deployment("bb", 0).Here;
        Directory.CreateDirectory(deployment + "/host/etc/tmpfiles.d");
        File.WriteAllText(deployment + "/host/etc/tmpfiles.d/bb.conf", tmpfiles);
        File.WriteAllText(deployment + "/config.json", config);
        File.CreateSymbolicLink(_host.Deployment("bb", 0).CurrentLink, "0");

        Assert.Equal(other, _claims.OtherUser("aa", "/var/lib/shared"));
    }
}
