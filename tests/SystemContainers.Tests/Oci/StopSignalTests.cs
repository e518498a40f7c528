// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using Xunit;

namespace SystemContainers.Tests.Oci;

/// <summary>What images write for a signal, against what systemd.kill(5) reads.</summary>
public sealed class StopSignalTests
{
    [Theory]
    [InlineData(null, "SIGTERM", "143")]
    [InlineData("", "SIGTERM", "143")]
    [InlineData("15", "SIGTERM", "143")]
    [InlineData("3", "SIGQUIT", "143 131")]
    [InlineData("quit", "SIGQUIT", "143 131")]
    [InlineData("SIGINT", "SIGINT", "143 130")]
    [InlineData("28", "SIGWINCH", "143 156")]
    [InlineData("SIGIOT", "SIGABRT", "143 134")]
    [InlineData("31", "SIGSYS", "143 159")]
    [InlineData("34", "SIGRTMIN+0", "143")]
    [InlineData("37", "SIGRTMIN+3", "143")]
    [InlineData("64", "SIGRTMIN+30", "143")]
    [InlineData("SIGRTMIN+3", "SIGRTMIN+3", "143")]
    [InlineData("rtmax-1", "SIGRTMAX-1", "143")]
    public void Names_and_numbers_become_names_and_the_statuses_of_such_an_end(
        string? given,
        string name,
        string statuses
    )
    {
        Assert.Equal(name, StopSignal.ForUnit(given));
        Assert.Equal(statuses, string.Join(' ', StopSignal.ExitStatuses(name)));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("32")]
    [InlineData("65")]
    [InlineData("-3")]
    [InlineData("SIGNOTHING")]
    [InlineData("RTMIN+31")]
    [InlineData("TERM\nExecStart=/x")]
    public void What_is_no_signal_is_refused(string given) =>
        Assert.Equal(ErrorKind.Template, Assert.Throws<SysctrException>(() => StopSignal.ForUnit(given)).Kind);
}
