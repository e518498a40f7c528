// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using Xunit;

namespace SystemContainers.Tests.Bundle;

/// <summary>Documents of the runtime-spec's drafts in the words of 1.0.</summary>
public sealed class PreOneZeroSpecTests
{
    [Theory]
    [InlineData("{}", """{"ociVersion":"1.0.0"}""")]
    [InlineData("""{"ociVersion":"0.6.0-dev"}""", """{"ociVersion":"1.0.0"}""")]
    [InlineData("""{"ociVersion":"1.0.0-rc2-dev"}""", """{"ociVersion":"1.0.0-rc2-dev"}""")]
    [InlineData(
        """{"ociVersion":"1.0.0","linux":{"namespaces":[{"type":"pid","path":""},{"type":"mount","path":"/x"}]}}""",
        """{"ociVersion":"1.0.0","linux":{"namespaces":[{"type":"pid"},{"type":"mount","path":"/x"}]}}"""
    )]
    [InlineData(
        """{"ociVersion":"1.0.0","linux":{"seccomp":{"syscalls":[{"name":"read","args":null},{"names":["open"]}]}}}""",
        """{"ociVersion":"1.0.0","linux":{"seccomp":{"syscalls":[{"args":null,"names":["read"]},{"names":["open"]}]}}}"""
    )]
    [InlineData(
        """{"ociVersion":"1.0.0","linux":{"seccomp":{"syscalls":{}}}}""",
        """{"ociVersion":"1.0.0","linux":{"seccomp":{"syscalls":{}}}}"""
    )]
    public void A_document(string old, string expected)
    {
        JsonObject document = JsonNode.Parse(old)!.AsObject();

        PreOneZeroSpec.Translate(document);

        Assert.Equal(expected, document.ToJsonString());
    }
}
