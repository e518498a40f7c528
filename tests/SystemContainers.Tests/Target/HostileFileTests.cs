// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fleet;
using SystemContainers.Fsck;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Push;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Reference;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Systemd;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Target;

/// <summary>A FIFO in the store of somebody else's system: whoever opened it would wait for ever, and hear no
/// signal.</summary>
[Trait("needs", "root")]
public sealed class HostileFileTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    public async ValueTask InitializeAsync()
    {
        await _system.MakeAsync();
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        await _system.UpdateAsync(host, "web", ("env", "A=1"));
    }

    public ValueTask DisposeAsync()
    {
        _system.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("transactions/00000000000000000000000000000000.json")]
    [InlineData("transactions/00000000000000000000000000000000.committed.json")]
    [InlineData("images/0000.json")]
    [InlineData("layers/0000")]
    [InlineData("blobs/sha256/0000")]
    [InlineData("networks/shop.json")]
    [InlineData("sums/0000")]
    [InlineData("mounts/0/info.json")]
    [InlineData("deployments/web/0/info.json")]
    [InlineData("deployments/web/0/config.json")]
    [InlineData("deployments/web/0/host/etc/systemd/system/web.service")]
    [InlineData("deployments/web/0/host/etc/a/b/c")]
    [InlineData("history.jsonl")]
    [InlineData("history.jsonl.1")]
    [InlineData("reserve")]
    [InlineData("meta.json")]
    [InlineData("state-directories.json")]
    [InlineData("locks/+store.lock")]
    public async Task A_store_with_one_is_not_opened(string file)
    {
        await FifoAsync($"{_system.Store}/{file}");

        SysctrException refused = Assert.Throws<SysctrException>(() => _system.Open());

        Assert.Equal(ErrorKind.Unsafe, refused.Kind);
        Assert.Contains(Path.GetFileName(file), refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Put there after it was opened, it is damage like any other.</summary>
    [Fact]
    public async Task Nobody_waits_for_one_that_comes_later()
    {
        using Host host = _system.Open();
        ContainerRecord record = host.Catalog.Get("web");
        ImageRecord image = Assert.Single(host.OpenStore().Images.List());
        await FifoAsync(host.Deployment("web", 1).RecordFile);
        await FifoAsync(host.Deployment("web", 1).KeptFile(record.Units[0].Path));
        await FifoAsync(host.OpenStore().Images.FileOf(image.Reference));
        await FifoAsync(host.OpenStore().BlobPath(image.ManifestDigest));
        string intent = _system.Store + "/transactions/00.json";
        await FifoAsync(intent);
        string index = host.OpenStore().IndexPath(image.DiffIds[0]);
        LayerEntry entry = host.OpenStore().ReadLayer(image.DiffIds[0]).Entries.First(e => e.Size > 0);
        await FifoAsync(host.OpenStore().ObjectPath(entry.Object));
        await FifoAsync(index);

        await InTimeAsync(() => host.Catalog.Get("web"));
        await InTimeAsync(() => new RemainingFiles(host).Of(record));
        await InTimeAsync(() => host.OpenStore().Images.List());
        await InTimeAsync(() => host.OpenStore().ReadBlob(image.ManifestDigest));
        await InTimeAsync(() => IntentRecords.Read(intent));
        await InTimeAsync(() => host.OpenStore().ReadLayer(image.DiffIds[0]));
        await InTimeAsync(() => host.OpenStore().FormOf(image.DiffIds[0]));
        await InTimeAsync(() => host.OpenStore().StreamLayer(image.DiffIds[0]).Count());
        await InTimeAsync(() => host.OpenStore().ReadObject(entry, "reading"));
        await InTimeAsync(() => new StateClaims(host).OtherUser("other", "/var/lib/x"));
        await InTimeAsync(() =>
            new FsckOperation(host, NoProgress.Instance)
                .RunAsync(content: true, repair: true, CancellationToken.None)
                .GetAwaiter()
                .GetResult()
        );
    }

    /// <summary>A list of ids that never ends, or never begins.</summary>
    [Fact]
    public async Task Nobody_waits_for_one_outside_of_the_store()
    {
        using Host host = _system.Open();
        await FifoAsync(_system.Root + "/etc/subuid");

        await InTimeAsync(() => _system.InstallAsync(host, "other", ("userns", "auto")).GetAwaiter().GetResult());
    }

    /// <summary>Files that another file names, or that stand where a host has them.</summary>
    [Theory]
    [InlineData("FIFO")]
    [InlineData("device")]
    public async Task Nobody_waits_for_what_stands_in_the_place_of_a_hosts_file(string kind)
    {
        string files = Directory.CreateDirectory(_system.Root + "/etc/sysctr/containers.d").FullName;
        await File.WriteAllTextAsync(
            files + "/a.container",
            $"[Container]\nImage={_system.Image}\nEnvironmentFile=/etc/a.env\n"
        );
        foreach (
            string path in (string[])
                [
                    "/etc/a.env",
                    "/etc/machine-id",
                    "/etc/sysctr/sysctr.toml",
                    "/var/lib/dpkg/status",
                    "/var/lib/dpkg/info/a.list",
                    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
                    "/etc/containers/auth.json",
                    "/etc/containers/registries.conf",
                    "/etc/policy.json",
                    "/layout/index.json",
                    "/dir/manifest.json",
                    "/source",
                ]
        )
        {
            await PlantAsync(_system.Root + path, kind);
        }

        Directory.CreateDirectory(_system.Root + "/layout/blobs");
        await File.WriteAllTextAsync(_system.Root + "/layout/oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}");
        string at(string path) => _system.Root + path;
        await InTimeAsync(() =>
        {
            QuadletFaults faults = new();
            QuadletHost host = new() { Inside = path => _system.Root + path };
            QuadletSet.Read(QuadletFiles.Read([files], f => f, faults), host, faults);
            Assert.Contains("no regular file", Assert.Single(faults.All).Text, StringComparison.Ordinal);
        });
        await InTimeAsync(() => MachineId.Read(_system.Root));
        await InTimeAsync(() => SysctrConfiguration.Load(new HostPaths(_system.Root)));
        await InTimeAsync(() =>
            Assert.Null(
                PackageOwner.FindAsync(_system.Root, "/usr/bin/a", CancellationToken.None).GetAwaiter().GetResult()
            )
        );
        await InTimeAsync(() =>
            new CredentialStore([at("/etc/containers/auth.json")])
                .FindAsync("registry.example/a", CancellationToken.None)
                .GetAwaiter()
                .GetResult()
        );
        await InTimeAsync(() =>
            RegistriesConfig.Load(new RegistriesConfPaths(at("/etc/containers/registries.conf"), null, null))
        );
        byte[] text = "{}"u8.ToArray();
        ManifestDocument manifest = new(null, null, Digest.Sha256(text), text, MediaTypes.OciManifest);
        await InTimeAsync(() =>
            new LayoutDestination(ImageReference.Parse($"oci:{_system.Root}/layout:a"))
                .CommitAsync(manifest, CancellationToken.None)
                .GetAwaiter()
                .GetResult()
        );
        await InTimeAsync(() => DurableFile.Copy(at("/copy"), at("/source"), new FileMetadata(0x180, 0, 0, 0, 0, [])));
        Assert.False(File.Exists(at("/copy")));
    }

    private static Task InTimeAsync(Action read) =>
        InTimeAsync(() =>
        {
            read();
            return 0;
        });

    /// <summary>It may fail or not; it comes back.</summary>
    private static async Task InTimeAsync<T>(Func<T> read)
    {
        Task<Exception?> task = Task.Run(() => Record.Exception(() => (object?)read()));
        Exception? failure = await task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(failure is null or SysctrException or IOException, failure?.ToString());
    }

    private static async Task PlantAsync(string path, string kind)
    {
        if (kind == "FIFO")
        {
            await FifoAsync(path);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);

        // Zeros without end.
        await Command.MustAsync("mknod", path, "c", "1", "5");
    }

    private static async Task FifoAsync(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        await Command.MustAsync("mkfifo", path);
    }
}
