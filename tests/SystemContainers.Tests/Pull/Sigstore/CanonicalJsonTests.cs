// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Sigstore;
using Xunit;

namespace SystemContainers.Tests.Pull.Sigstore;

public sealed class CanonicalJsonTests
{
    /// <summary>RFC 8785, 3.2 and appendix B.</summary>
    [Theory]
    [InlineData("""{ "b":1, "a": [ true, null, false ] }""", """{"a":[true,null,false],"b":1}""")]
    [InlineData(
        """{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]}""",
        """{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}"""
    )]
    [InlineData("""["\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"]""", "[\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"]")]
    [InlineData(
        """[-0,5e-324,1.7976931348623157e308,9007199254740992,295147905179352830000,1e21,1e-7,0.000001,-1.5,100]""",
        """[0,5e-324,1.7976931348623157e+308,9007199254740992,295147905179352830000,1e+21,1e-7,0.000001,-1.5,100]"""
    )]
    [InlineData("{}", "{}")]
    public void It_is_as_the_RFC_has_it(string json, string canonical)
    {
        using JsonDocument document = JsonDocument.Parse(json);

        Assert.Equal(canonical, Encoding.UTF8.GetString(CanonicalJson.Of(document.RootElement)));
    }

    [Fact]
    public void A_member_that_stands_twice_has_no_canonical_form()
    {
        using JsonDocument document = JsonDocument.Parse("""{"a":{"b":1,"b":2}}""");

        Assert.Throws<SysctrException>(() => CanonicalJson.Of(document.RootElement));
    }
}
