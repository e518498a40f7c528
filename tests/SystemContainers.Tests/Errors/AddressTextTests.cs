// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Errors;

/// <summary>Addresses as Go reads them; what inet_aton(3) takes besides would be another one than is meant.</summary>
public sealed class AddressTextTests
{
    [Theory]
    [InlineData("10.88.0.1", "10.88.0.1")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("fd00::53", "fd00::53")]
    [InlineData("FD00:0:0:0:0:0:0:53", "fd00::53")]
    [InlineData("::", "::")]
    [InlineData("::ffff:10.0.0.1", "::ffff:10.0.0.1")]
    [InlineData("10.88.0.012", null)]
    [InlineData("10.1", null)]
    [InlineData("10", null)]
    [InlineData("0x7f.0.0.1", null)]
    [InlineData("10.0.0.256", null)]
    [InlineData("10.0.0.1 ", null)]
    [InlineData("10.0.0.+1", null)]
    [InlineData("10.0.0.1:53", null)]
    [InlineData("10.0.0", null)]
    [InlineData("10.0.0.1.", null)]
    [InlineData("[fd00::53]", null)]
    [InlineData("[fd00::53]:5353", null)]
    [InlineData("fe80::1%eth0", null)]
    [InlineData("fe80::1%1", null)]
    [InlineData("::ffff:010.0.0.1", null)]
    [InlineData("fd00::/64", null)]
    [InlineData("fd00::12345", null)]
    [InlineData("", null)]
    public void An_address_is_written_out(string text, string? address) =>
        Assert.Equal(address, AddressText.Find(text)?.ToString());

    [Theory]
    [InlineData("10.10.0.0/16", 16)]
    [InlineData("fd00::/64", 64)]
    [InlineData("10.0.0.0/0", 0)]
    [InlineData("10.10/16", null)]
    [InlineData("10.0.0.0/33", null)]
    [InlineData("10.0.0.0/+8", null)]
    [InlineData("10.0.0.0/", null)]
    [InlineData("10.0.0.0", null)]
    [InlineData("10.0.0.0/8/8", null)]
    public void So_is_one_with_a_prefix(string text, int? length) =>
        Assert.Equal(length, AddressText.FindPrefixed(text)?.Length);
}
