// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cli;
using SystemContainers.Cli.Atomic;
using SystemContainers.Cli.Usage;
using SystemContainers.Errors;
using Xunit;

namespace SystemContainers.Tests.Cli;

/// <summary>atomic's words become ours, and ours are words that the command tree takes.</summary>
public sealed class AtomicWordsTests
{
    [Theory]
    [InlineData("push registry:5000/etcd", "push registry:5000/etcd")]
    [InlineData("push --storage ostree -t docker etcd", "push etcd")]
    [InlineData("images push etcd", "push etcd")]
    [InlineData("copy etcd docker://quay.io/my/etcd", "copy sysctr:etcd docker://quay.io/my/etcd")]
    [InlineData("copy ostree:etcd dockertar:/x.tar", "copy sysctr:etcd docker-archive:/x.tar")]
    [InlineData("copy docker:etcd:3.5 oci:/dir:v1", "copy docker-daemon:etcd:3.5 oci:/dir:v1")]
    [InlineData("copy --all docker://a.b/c dir:/d", "copy --all docker://a.b/c dir:/d")]
    [InlineData("images info --remote quay.io/x", "inspect quay.io/x")]
    [InlineData("info --remote --json quay.io/x", "inspect --json quay.io/x")]
    [InlineData("images info etcd", "images info etcd")]
    [InlineData("images delete --all -f", "images delete --all --force")]
    [InlineData("containers delete -f --all", "uninstall --all")]
    [InlineData("containers list --filter state=active -n", "list --filter state=active --no-heading")]
    [InlineData("ps -f container=etcd", "list --filter container=etcd")]
    [InlineData("help etcd", "images help etcd")]
    [InlineData("images help etcd", "images help etcd")]
    [InlineData("help", "--help")]
    public void Words_are_ours(string atomic, string ours)
    {
        string[] words = AtomicPersonality.Translate(atomic.Split(' '));

        // Whoever is not root has containers of their own, as there.
        Assert.Equal(ours.Split(' '), words[0] == "--user" ? words[1..] : words);
        Assert.Null(UsageError.Describe(CommandTree.Parse(words)));
    }

    [Theory]
    [InlineData("push -u me -p secret etcd", "login")]
    [InlineData("push -i etcd", "insecure = true")]
    [InlineData("push --sign-by me etcd", "sign")]
    [InlineData("push --pulp etcd", "registry")]
    public void What_is_not_there_says_what_to_use_instead(string atomic, string hint)
    {
        SysctrException e = Assert.Throws<SysctrException>(() => AtomicPersonality.Translate(atomic.Split(' ')));

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }
}
