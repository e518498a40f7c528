// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Processes;
using Xunit;

namespace SystemContainers.Tests.Linux.Processes;

/// <summary>The journal's datagrams, byte by byte; that the journal understands them is a host test's matter.</summary>
public sealed class JournalSocketTests
{
    [Fact]
    public void A_value_of_one_line_is_written_plainly() =>
        Assert.Equal(
            "MESSAGE=a=b\nPRIORITY=5\n"u8,
            JournalSocket.Encode([new("MESSAGE", "a=b"), new("PRIORITY", "5")])
        );

    [Fact]
    public void A_value_of_several_lines_has_its_length_in_front() =>
        Assert.Equal(
            (byte[])[.. "R\n"u8, 5, 0, 0, 0, 0, 0, 0, 0, .. "a\nö!"u8, (byte)'\n'],
            JournalSocket.Encode([new("R", "a\nö!")])
        );
}
