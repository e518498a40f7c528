// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.SystemdText;

/// <summary>As systemd.exec(5) says of EnvironmentFile=; OptionsTests asks systemd itself.</summary>
public sealed class EnvironmentFileTextTests
{
    [Theory]
    [InlineData("A=1\nB=2", "A=1|B=2")]
    [InlineData("# A=1\n; B=2\n\n  C = 3  \r\n", "C=3")]
    [InlineData("A=\nB", "A=")]
    [InlineData("A='a b'\nB=\"c d\"  ", "A=a b|B=c d")]
    [InlineData("A=\"one\ntwo\"", "A=one\ntwo")]
    [InlineData("A='\\n$X'\nB=\"\\n\\$X\\\"\\\\\\`\"", "A=\\n$X|B=\\n$X\"\\`")]
    [InlineData("A=one\\\ntwo\nB=a\\ \\'b", "A=onetwo|B=a 'b")]
    [InlineData("A=\"one\\\ntwo\"", "A=onetwo")]
    [InlineData("A=a'b c'\nB='a'b'c'\nC='a' \"b\"", "A=a'b c'|B=ab'c'|C=ab")]
    [InlineData("# c\\\nA=1", "A=1")]
    [InlineData("1A=x\nB-C=x\nexport D=x\nE=y", "E=y")]
    [InlineData("A=a\\", "A=a")]
    [InlineData("A=\"open\nB=1", "A=open\nB=1")]
    [InlineData("A=1 # no comment", "A=1 # no comment")]
    public void A_file_of_variables(string text, string read) =>
        Assert.Equal(read, string.Join('|', EnvironmentFileText.Parse(text).Select(v => $"{v.Name}={v.Value}")));
}
