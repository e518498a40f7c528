// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Runtime;
using Xunit;

namespace SystemContainers.Tests.Runtime;

public sealed class LowerLimitsTests
{
    /// <summary>setrlimit(2): without CAP_SYS_RESOURCE in the first namespace nobody goes past the hard
    /// limit.</summary>
    [Theory]
    [InlineData(1024, 2048, 1024, 2048)]
    [InlineData(1024, 8192, 1024, 4096)]
    [InlineData(8192, 8192, 4096, 4096)]
    public void A_session_s_command_has_no_limit_above_the_session_s(ulong soft, ulong hard, ulong softer, ulong harder)
    {
        JsonObject process = Limits("RLIMIT_NOFILE", soft, hard);

        BundleConfig.LowerLimits(
            process,
            new Dictionary<string, ulong>(StringComparer.Ordinal) { ["RLIMIT_NOFILE"] = 4096, ["RLIMIT_CORE"] = 0 }
        );

        Assert.Equal(Limits("RLIMIT_NOFILE", softer, harder).ToJsonString(), process.ToJsonString());
    }

    [Fact]
    public void A_limit_that_the_session_has_not_is_the_payload_s()
    {
        JsonObject process = Limits("RLIMIT_NPROC", 5, 6);

        BundleConfig.LowerLimits(process, new Dictionary<string, ulong>(StringComparer.Ordinal));

        Assert.Equal(Limits("RLIMIT_NPROC", 5, 6).ToJsonString(), process.ToJsonString());
    }

    private static JsonObject Limits(string type, ulong soft, ulong hard) =>
        JsonNode.Parse($$"""{"rlimits":[{"type":"{{type}}","hard":{{hard}},"soft":{{soft}}}]}""")!.AsObject();
}
