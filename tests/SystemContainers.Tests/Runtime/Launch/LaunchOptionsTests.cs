// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Runtime.Launch;
using Xunit;

namespace SystemContainers.Tests.Runtime.Launch;

public sealed class LaunchOptionsTests
{
    [Fact]
    public void Words_of_a_unit()
    {
        LaunchOptions options = LaunchOptions.Parse([
            "start",
            "--runtime=/usr/bin/crun",
            "--instance=3-1-0",
            "--pid-file=/run/p",
            "--bundle=/b",
            "--ready",
            "etcd",
        ]);

        Assert.Equal(
            ("start", "etcd", "/usr/bin/crun", "/run/p", "/b"),
            (options.Verb, options.Name, options.Runtime, options.PidFile, options.Bundle)
        );
        Assert.True(options.Ready);
        Assert.False(options.Foreground);
    }

    [Fact]
    public void Instances_have_ids_of_their_own_in_letters_that_runtimes_take()
    {
        string id = LaunchOptions.Parse(["kill", "--runtime=/r", "--instance=127.0.0.1:80-[::1]:5/x", "web"]).Id;

        Assert.Matches("^web-[0-9a-f]+$", id);
        Assert.NotEqual(id, LaunchOptions.Parse(["kill", "--runtime=/r", "--instance=other", "web"]).Id);
        Assert.Equal("web", LaunchOptions.Parse(["kill", "--runtime=/r", "--instance=", "web"]).Id);
    }

    [Theory]
    [InlineData]
    [InlineData("start", "--runtime=/r", "etcd")]
    [InlineData("stop", "--runtime=/r", "etcd")]
    [InlineData("kill", "etcd")]
    [InlineData("kill", "--runtime=/r", "etcd", "more")]
    public void Other_words_are_refused(params string[] words) =>
        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => LaunchOptions.Parse(words)).Kind);
}
