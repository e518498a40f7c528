// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>Names of images change beside a prune, which reads them all.</summary>
[Trait("needs", "root")]
public sealed class ImageNameLockTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-names-").FullName;
    private readonly Host _host;

    public ImageNameLockTests()
    {
        Directory.CreateDirectory(_root + "/var/lib");
        _host = Host.Open(_root, _ => { }, new HostOptions { LockTimeout = TimeSpan.Zero });
        _host.OpenStore().Images.Set(new ImageRecord("docker://docker.io/library/a:latest", Digest.Sha256("m"u8), Digest.Sha256("c"u8), [], DateTimeOffset.UnixEpoch));
    }

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void Nothing_is_tagged_or_deleted_beside_a_prune()
    {
        ImageOperations images = new(_host, NoProgress.Instance, _ => { });
        using (IDisposable prune = new StoreLocks(_root + "/var/lib/sysctr/locks").LockStore(_ => { }, CancellationToken.None))
        {
            Assert.Equal(ErrorKind.Locked, Assert.Throws<SysctrException>(() => images.Tag("docker.io/library/a", "docker.io/library/b", CancellationToken.None)).Kind);
            Assert.Equal(ErrorKind.Locked, Assert.Throws<SysctrException>(() => images.Delete("docker.io/library/a", force: true, CancellationToken.None)).Kind);
            Assert.Single(_host.OpenStore().Images.List());
        }

        images.Tag("docker.io/library/a", "docker.io/library/b", CancellationToken.None);
        Assert.Equal(2, _host.OpenStore().Images.List().Count);
    }

    [Fact]
    public async Task Names_that_go_while_they_are_listed_are_no_failure()
    {
        using ContentStore other = ContentStore.Open(_root + "/var/lib/sysctr");
        ImageRecord record = _host.OpenStore().Images.List()[0];
        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"docker://docker.io/library/n{i}:latest")];
        using CancellationTokenSource done = new();
        Task churn = Task.Run(() =>
        {
            for (int round = 0; round < 5; round++)
            {
                Array.ForEach(names, n => other.Images.Set(record with { Reference = n }));
                Array.ForEach(names, other.Images.Delete);
            }

            done.Cancel();
        });
        int listed = 0;
        for (; !done.IsCancellationRequested; listed++)
        {
            Assert.Contains(record.Reference, _host.OpenStore().Images.List().Select(r => r.Reference));
            _ = _host.OpenStore().Images.Find(names[listed % names.Length]);
        }

        await churn;
        Assert.True(listed > 10);
    }
}
