// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Runtime;
using SystemContainers.SystemdText;
using Xunit;

namespace SystemContainers.Tests.Runtime;

public sealed class SandboxSettingsTests
{
    // Rows as systemd-analyze security(1) of systemd 252 and 257 names them.
    [Theory]
    [InlineData("User=/DynamicUser=", false)]
    [InlineData("PrivateUsers=", false)]
    [InlineData("RestrictNamespaces=~user", false)]
    [InlineData("CapabilityBoundingSet=~CAP_SYS_ADMIN", false)]
    [InlineData("CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)", false)]
    [InlineData("CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP)", false)]
    [InlineData("RestrictAddressFamilies=~AF_UNIX", false)]
    [InlineData("SystemCallFilter=~@mount", false)]
    [InlineData("ProtectControlGroups=", false)]
    [InlineData("RootDirectory=/RootImage=", false)]
    [InlineData("PrivateNetwork=", true)]
    [InlineData("ProtectSystem=", true)]
    [InlineData("CapabilityBoundingSet=~CAP_SYS_TIME", true)]
    [InlineData("RestrictAddressFamilies=~AF_(INET|INET6)", true)]
    [InlineData("SystemCallFilter=~@clock", true)]
    [InlineData("RestrictSUIDSGID=", true)]
    public void Only_what_a_runtime_works_in_is_advice(string row, bool advice) =>
        Assert.Equal(advice, SandboxSettings.ReasonAgainst(row) is null);

    [Theory]
    [InlineData("User=nobody", "User=nobody")]
    [InlineData("User=root", "")]
    [InlineData("DynamicUser=yes", "DynamicUser=yes")]
    [InlineData("DynamicUser=no", "")]
    [InlineData("PrivateUsers=yes", "PrivateUsers=yes")]
    [InlineData("ProtectControlGroups=yes", "ProtectControlGroups=yes")]
    [InlineData("ProtectSystem=full", "")]
    [InlineData("ProtectSystem=strict", "ProtectSystem=strict")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=-/run /var/lib/x", "")]
    [InlineData("RestrictNamespaces=yes", "RestrictNamespaces=yes")]
    [InlineData("RestrictAddressFamilies=AF_INET", "RestrictAddressFamilies=AF_INET")]
    [InlineData("RestrictAddressFamilies=AF_INET AF_UNIX\nRestrictAddressFamilies=AF_NETLINK", "")]
    [InlineData("RestrictAddressFamilies=~AF_PACKET", "")]
    [InlineData("SystemCallFilter=~@clock @mount:EPERM", "SystemCallFilter=~@mount:EPERM")]
    [InlineData("CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SYS_TIME", "CapabilityBoundingSet=~CAP_SYS_ADMIN")]
    [InlineData("RootDirectory=/srv", "RootDirectory=/srv")]
    public void What_an_author_has_set_is_named(string lines, string named) =>
        Assert.Equal(
            named,
            string.Join(' ', SandboxSettings.In(UnitText.Parse($"[Service]\n{lines}\n")).Select(s => s.Setting))
        );
}
