// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cli.Completion;
using Xunit;

namespace SystemContainers.Tests.Cli;

/// <summary>What the shells are told; ROOT stands for the directory of the system.</summary>
[Trait("needs", "root")]
public sealed class CompleterTests(StoredNames stored) : IClassFixture<StoredNames>
{
    [Theory]
    [InlineData("unins", "uninstall")]
    [InlineData("--quiet --lock-timeout 3 unins", "uninstall")]
    [InlineData("images ver", "verify version")]
    [InlineData("help images ver", "verify version")]
    [InlineData("plan un", "uninstall")]
    [InlineData("--root ROOT info ", "etcd flanneld")]
    [InlineData("--root=ROOT info fl", "flanneld")]
    [InlineData("info --root ROOT fl", "flanneld")]
    [InlineData("--root ROOT update etcd ", "flanneld")]
    [InlineData("--root ROOT info etcd ", "")]
    [InlineData("--root ROOT rollback etcd ", "12 0")]
    [InlineData("--root ROOT pin etcd.service 1", "12")]
    [InlineData("--root ROOT images info 127.0.0.1:5000/e", "127.0.0.1:5000/etcd:latest")]
    [InlineData("--root ROOT update --rebase 127", "127.0.0.1:5000/etcd:latest")]
    [InlineData("--root ROOT run fl", "flanneld")]
    [InlineData("--root ROOT images tag 127.0.0.1:5000/etcd:latest ", "")]
    [InlineData("--root ROOT exec -it et", "etcd")]
    [InlineData("--root ROOT exec -it etcd --js", "")]
    [InlineData("--root ROOT exec --u", "--user")]
    [InlineData("list --js", "--json")]
    [InlineData("list --lock-t", "--lock-timeout")]
    [InlineData("install --pull ", "missing always never")]
    [InlineData("install --pull=n", "--pull=never")]
    [InlineData("install --runtime c", "crun")]
    [InlineData("install --grant cr", "cron")]
    [InlineData("install oci:/sr", ":file oci:")]
    [InlineData("lint ./", ":file")]
    [InlineData("from ", "docker-run compose podman")]
    [InlineData("from compose ./", ":file")]
    [InlineData("from docker-run --output ", ":directory")]
    [InlineData("--root /sr", ":directory")]
    [InlineData("--root=/sr", ":directory --root=")]
    [InlineData("install --name ", "")]
    [InlineData("copy oci:/sr", ":file oci:")]
    [InlineData("copy dir:./", ":file dir:")]
    [InlineData("copy docker-d", "docker-daemon:")]
    [InlineData("--root ROOT copy sysctr:1", "sysctr:127.0.0.1:5000/etcd:latest")]
    [InlineData("--root ROOT push 127", "127.0.0.1:5000/etcd:latest")]
    [InlineData("images save --output ./", ":file")]
    [InlineData("list --filter state=f", "state=failed")]
    [InlineData("frobnicate ", "")]
    [InlineData("--root /no/such/place info ", "")]
    public void Candidates(string typed, string candidates)
    {
        string[] words = typed.Replace("ROOT", stored.Root, StringComparison.Ordinal).Split(' ');

        string[] lines = [.. Completer.Lines(words, InstalledNames.Of(words)).Select(l => l.Split('\t')[0])];

        Assert.Equal(
            candidates.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            candidates.StartsWith(':')
                ? lines[0].Split(' ').Order(StringComparer.Ordinal)
                : lines.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Verbs_say_what_they_do() =>
        Assert.Contains(
            Completer.Lines(["roll"], InstalledNames.Of(["roll"])),
            l => l.StartsWith("rollback\tBrings a container back", StringComparison.Ordinal)
        );
}
