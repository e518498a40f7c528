// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Runtime;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>What the versions of a runtime do by themselves.</summary>
public sealed class OciRuntimeTests
{
    [Theory]
    [InlineData("crun version 1.8.1\ncommit: f8a096be060b22ccd3d5f3ebe44108517fbf6c30\n", false)]
    [InlineData("crun version 1.16.1\n", false)]
    [InlineData("crun version 1.17\ncommit: 0\n", true)]
    [InlineData("crun version 1.21.0.1-dirty\n", true)]
    [InlineData("crun version 2.0\n", true)]
    [InlineData("crun version UNKNOWN\n", false)]
    [InlineData("", false)]
    public void A_crun_says_by_its_version_whether_exec_has_the_payload_s_user(string printed, bool inherits) =>
        Assert.Equal(inherits, OciRuntime.InheritsUser(printed));
}
