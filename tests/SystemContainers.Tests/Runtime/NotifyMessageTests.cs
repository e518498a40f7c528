// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Runtime;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>What of the notify protocol passes; that systemd hears no more is shown on hosts (NotifyTests).</summary>
public sealed class NotifyMessageTests
{
    [Theory]
    [InlineData("READY=1\nSTATUS=up", "READY=1\nSTATUS=up")]
    [InlineData("WATCHDOG=1", "WATCHDOG=1")]
    [InlineData("WATCHDOG=trigger\n", "WATCHDOG=trigger")]
    [InlineData("RELOADING=1\nMONOTONIC_USEC=123456", "RELOADING=1\nMONOTONIC_USEC=123456")]
    [InlineData(
        "STOPPING=1\nEXTEND_TIMEOUT_USEC=5000000\nERRNO=2\nBUSERROR=org.example.Error",
        "STOPPING=1\nEXTEND_TIMEOUT_USEC=5000000\nERRNO=2\nBUSERROR=org.example.Error"
    )]
    [InlineData("STATUS=a=b \u00e4", "STATUS=a=b \u00e4")]
    [InlineData("MAINPID=1", null)]
    [InlineData("READY=1\nMAINPID=1", "READY=1")]
    [InlineData("MAINPIDFDID=7\nMAINPIDFD=1", null)]
    [InlineData("FDSTORE=1\nFDNAME=x\nFDPOLL=0", null)]
    [InlineData("FDSTOREREMOVE=1", null)]
    [InlineData("BARRIER=1", null)]
    [InlineData("NOTIFYACCESS=all", null)]
    [InlineData("WATCHDOG_USEC=0", null)]
    [InlineData("X_SYSTEMD_UNIT_ACTIVE=init.scope\nEXIT_STATUS=3", null)]
    [InlineData(" MAINPID=1\nmainpid=1\nMAINPID =1", null)]
    [InlineData("READY=2\nREADY=\nREADY=1 ", null)]
    [InlineData("STATUS=x\0MAINPID=1\nREADY=1", "STATUS=x")]
    [InlineData("STATUS=\u001b[2J\rMAINPID=1", "STATUS= [2J MAINPID=1")]
    [InlineData("ERRNO=-1\nERRNO=1x\nERRNO=\nEXTEND_TIMEOUT_USEC=999999999999999999999", null)]
    [InlineData("", null)]
    [InlineData("nothing", null)]
    public void What_a_payload_says_of_itself_passes_and_nothing_else(string sent, string? passed) =>
        Assert.Equal(passed, NotifyMessage.Admit(Encoding.UTF8.GetBytes(sent)));

    [Fact]
    public void Bytes_that_are_no_text_and_long_ones_do_no_harm()
    {
        Assert.Equal("READY=1\nSTATUS=\ufffd", NotifyMessage.Admit([.. "READY=1\nSTATUS="u8, 0xff]));
        Assert.Equal(
            "STATUS=" + new string('x', 1024),
            NotifyMessage.Admit(Encoding.UTF8.GetBytes("STATUS=" + new string('x', 4000)))
        );
        Assert.Null(NotifyMessage.Admit(Encoding.UTF8.GetBytes("READY=1\n" + new string('x', NotifyMessage.MaxBytes))));
    }
}
