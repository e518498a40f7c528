// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Verbs;

public sealed class SeccompSummaryTests
{
    [Fact]
    public void The_filter_is_a_line_and_the_rest_is_as_it_is()
    {
        const string config = """
            {
              "ociVersion": "1.0.2",
              "linux": {
                "seccomp": {
                  "defaultAction": "SCMP_ACT_ERRNO",
                  "syscalls": [
                    { "names": ["read"], "action": "SCMP_ACT_ALLOW" }
                  ]
                },
                "maskedPaths": ["/proc/kcore"]
              }
            }
            """;

        Assert.Equal(
            """
            {
              "ociVersion": "1.0.2",
              "linux": {
                "seccomp": { … SCMP_ACT_ERRNO but for 1 rule; 6 lines … },
                "maskedPaths": ["/proc/kcore"]
              }
            }
            """,
            SeccompSummary.Of(Encoding.UTF8.GetBytes(config))
        );
    }

    [Theory]
    [InlineData("""{ "linux": {} }""")]
    [InlineData("""{ "linux": { "seccomp": null } }""")]
    [InlineData("""{ "linux": null }""")]
    [InlineData("[]")]
    [InlineData("{")]
    public void Without_one_it_is_as_it_is(string config) =>
        Assert.Equal(config, SeccompSummary.Of(Encoding.UTF8.GetBytes(config)));
}
