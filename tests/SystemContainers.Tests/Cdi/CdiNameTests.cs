// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cdi;
using Xunit;

namespace SystemContainers.Tests.Cdi;

/// <summary>As the interface's own reader has it (pkg/parser).</summary>
public sealed class CdiNameTests
{
    [Theory]
    [InlineData("vendor.com/class=dev", "vendor.com/class", "dev")]
    [InlineData("V-1_x.com/gpu.B_az=GPU-3a:1", "V-1_x.com/gpu.B_az", "GPU-3a:1")]
    [InlineData("v/c=0", "v/c", "0")]
    public void A_device_has_a_vendor_a_class_and_a_name(string text, string kind, string device)
    {
        Assert.True(CdiName.IsName(text));
        Assert.Equal(new CdiName(kind, device), CdiName.Parse(text));
        Assert.Equal(text, CdiName.Parse(text).ToString());
    }

    [Theory]
    [InlineData("vendor.com=dev")]
    [InlineData("vendor.com/=dev")]
    [InlineData("/=dev")]
    [InlineData("vendor.com/class=")]
    [InlineData("1vendor/class=dev")]
    [InlineData("vendor/_class=dev")]
    [InlineData("vendor-/class=dev")]
    [InlineData("vendor/class/x=dev")]
    [InlineData("vendor/class=-dev")]
    [InlineData("vendor/class=a/b")]
    [InlineData("vendor/class=a=b")]
    public void What_is_no_name_is_refused(string text) => Assert.Throws<FormatException>(() => CdiName.Parse(text));

    [Theory]
    [InlineData("/dev/x=y")]
    [InlineData("/dev/null")]
    public void A_path_is_no_name(string text) => Assert.False(CdiName.IsName(text));
}
