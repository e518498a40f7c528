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
        _host
            .OpenStore()
            .Images.Set(
                new ImageRecord(
                    "docker://docker.io/library/a:latest",
                    Digest.Sha256("m"u8),
                    Digest.Sha256("c"u8),
                    [],
                    DateTimeOffset.UnixEpoch
                )
            );
    }

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Nothing_is_tagged_or_deleted_beside_a_prune()
    {
        ImageOperations images = new(_host, NoProgress.Instance, _ => { });
        using (
            IDisposable prune = new StoreLocks(_root + "/var/lib/sysctr/locks").LockStore(
                _ => { },
                CancellationToken.None
            )
        )
        {
            Assert.Equal(
                ErrorKind.Locked,
                (
                    await Assert.ThrowsAsync<SysctrException>(() =>
                        images.TagAsync("docker.io/library/a", "docker.io/library/b", CancellationToken.None)
                    )
                ).Kind
            );
            Assert.Equal(
                ErrorKind.Locked,
                Assert
                    .Throws<SysctrException>(() =>
                        images.Delete("docker.io/library/a", force: true, CancellationToken.None)
                    )
                    .Kind
            );
            Assert.Single(_host.OpenStore().Images.List());
        }

        await LockRelease.AwaitAsync(IsTaggedAsync);
        Assert.Equal(2, _host.OpenStore().Images.List().Count);

        async Task<bool> IsTaggedAsync()
        {
            try
            {
                await images.TagAsync("docker.io/library/a", "docker.io/library/b", CancellationToken.None);
                return true;
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Locked)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task Names_that_go_while_they_are_listed_are_no_failure()
    {
        using ContentStore other = ContentStore.Open(_root + "/var/lib/sysctr");
        ImageRecord record = _host.OpenStore().Images.List()[0];
        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"docker://docker.io/library/n{i}:latest")];
        using CancellationTokenSource end = new();
        int listed = 0;
        Task churn = Task.Run(() =>
        {
            for (int round = 0; !end.IsCancellationRequested && (round < 5 || Volatile.Read(ref listed) <= 10); round++)
            {
                Array.ForEach(names, n => other.Images.Set(record with { Reference = n }));
                Array.ForEach(names, other.Images.Delete);
            }
        });
        try
        {
            for (; !churn.IsCompleted; Interlocked.Increment(ref listed))
            {
                Assert.Contains(record.Reference, _host.OpenStore().Images.List().Select(r => r.Reference));
                _ = _host.OpenStore().Images.Find(names[listed % names.Length]);
            }
        }
        finally
        {
            await end.CancelAsync();
            await churn;
        }

        Assert.True(listed > 10);
    }
}
