// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Runtime.UserNetworks;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>Whether a user's networks are there is what systemd says, and nothing else.</summary>
public sealed class NetworksHolderTests
{
    [Theory]
    [InlineData("MainPID=17\nActiveState=active\nSubState=running\n", 17)]
    [InlineData("MainPID=0\nActiveState=inactive\nSubState=dead\n", 0)]
    [InlineData("MainPID=0\nActiveState=failed\nSubState=failed\n", 0)]
    [InlineData("MainPID=0\nActiveState=activating\nSubState=auto-restart\n", 0)]
    [InlineData("MainPID=17\nActiveState=activating\nSubState=start\n", null)]
    [InlineData("MainPID=17\nActiveState=deactivating\nSubState=stop-sigterm\n", null)]
    [InlineData("", null)]
    public void It_is_there_once_it_is_active(string shown, int? process) =>
        Assert.Equal(process, NetworksHolder.Process(shown));
}
