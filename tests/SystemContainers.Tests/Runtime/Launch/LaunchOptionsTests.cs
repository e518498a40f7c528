// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Runtime.Launch;
using Xunit;

namespace SystemContainers.Tests.Runtime.Launch;

public sealed class LaunchOptionsTests
{
    [Fact]
    public void Words_of_what_runs_once()
    {
        LaunchOptions options = LaunchOptions.Parse([
            "start",
            "--runtime=/usr/bin/crun",
            "--pid-file=/run/p",
            "--bundle=/b",
            "--composefs=00",
            "--changes=/b/changes",
            "--foreground",
            "once",
        ]);

        Assert.Equal(("/b/changes", "00", true), (options.Changes, options.Composefs, options.Foreground));
    }

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

    /// <summary>Units outlive the version that wrote them: what was once written into one is taken for ever.</summary>
    [Theory]
    [InlineData("launch start --runtime=/usr/sbin/runc --pid-file=/run/a.pid --bundle=/b a")]
    [InlineData("launch start --runtime=/usr/bin/crun --instance=1 --pid-file=/run/a.pid --bundle=/b --foreground a")]
    [InlineData("launch start --runtime=/r --pid-file=/p --bundle=/b --ready --notify --composefs=0 a")]
    [InlineData("launch kill --runtime=/usr/sbin/runc a")]
    [InlineData("launch delete --runtime=/usr/sbin/runc --pid-file=/run/a.pid a")]
    [InlineData("launch check --bundle=/var/lib/sysctr/deployments/a/1 a")]
    [InlineData("launch own --bundle=/b a")]
    [InlineData("launch tmpfiles /home/u/.config/user-tmpfiles.d/a.conf")]
    [InlineData("launch network-up --bundle=/b --instance=1 a")]
    [InlineData("launch network-down a")]
    public void What_units_of_any_version_say_is_understood(string line)
    {
        string[] words = line.Split(' ');

        LaunchOptions options = LaunchOptions.Parse(words.AsSpan(1));

        Assert.Equal((words[1], words[^1]), (options.Verb, options.Name));
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
