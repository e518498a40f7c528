// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Oci;
using Xunit;

namespace SystemContainers.Tests.Oci;

/// <summary>A null where an element stands is what Go makes of it, and no end of the process.</summary>
public sealed class GoValuesTests
{
    [Fact]
    public void Null_elements_of_an_images_configuration_are_empty()
    {
        ImageRunConfig run = JsonSerializer
            .Deserialize(
                """
                {
                  "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": [] },
                  "config": { "Env": [null, "A=b"], "Entrypoint": ["/bin/x", null], "Cmd": [null], "Labels": { "a": null, "b": "c" }, "Healthcheck": { "Test": [null] } }
                }
                """,
                OciJson.Default.ImageConfig
            )!
            .Run!;

        Assert.Equal(["", "A=b"], run.Env);
        Assert.Equal(["/bin/x", ""], run.Entrypoint);
        Assert.Equal([""], run.Cmd);
        Assert.Equal("", run.Labels!["a"]);
        Assert.Equal("c", run.Labels["b"]);
        Assert.Equal([""], run.Healthcheck!.Test);
    }

    [Fact]
    public void What_is_not_there_stays_so()
    {
        ImageRunConfig run = JsonSerializer
            .Deserialize(
                """{ "architecture": "a", "os": "l", "rootfs": { "type": "layers", "diff_ids": [] }, "config": { "Env": null, "Labels": null } }""",
                OciJson.Default.ImageConfig
            )!
            .Run!;

        Assert.Null(run.Env);
        Assert.Null(run.Labels);
        Assert.Null(run.Cmd);
    }
}
