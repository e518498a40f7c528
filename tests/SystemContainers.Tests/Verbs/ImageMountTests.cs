// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Fleet.AutoUpdate;
using SystemContainers.Fsck;
using SystemContainers.Fsck.Findings;
using SystemContainers.Images;
using SystemContainers.Inspect;
using SystemContainers.Inspect.Diff;
using SystemContainers.Inspect.Images;
using SystemContainers.Inspect.Plan;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Verbs;
using SystemContainers.Verbs.Apply;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>The files of another image at a path of a container: they come, change, are kept and go with the
/// container's own.</summary>
[Trait("needs", "root")]
public sealed class ImageMountTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Other => $"oci:{_system.Beside("other")}:latest";

    private string Declared => _system.Root + "/etc/sysctr/containers.d";

    public async ValueTask InitializeAsync()
    {
        await _system.MakeAsync();
        await WriteOtherAsync("one");
    }

    public ValueTask DisposeAsync()
    {
        _system.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_checked_out_beside_the_root_and_bound_read_only(bool mounts)
    {
        CheckoutForm form = mounts ? CheckoutForm.Composefs : CheckoutForm.HardLinks;
        using Host host = _system.Open();
        await InstallAsync(host, form, Mount("/data"), Mount("/etc/one.conf", ",subpath=/etc/link"));

        ContainerRecord record = host.Catalog.Get("app");
        Assert.Equal(form == CheckoutForm.Composefs, record.Composefs is not null);
        MountedImage image = Assert.Single(record.MountedImages);
        Assert.Equal((Other, Other), (image.Name, image.Image));
        Assert.NotEqual(record.ManifestDigest, image.ManifestDigest);
        Assert.Equal("one", await File.ReadAllTextAsync(Tree(0) + "/etc/one.conf", Cancellation));
        Assert.Equal(
            [
                ("/data", "/var/lib/sysctr/deployments/app/0/image-0", "bind ro nodev rprivate"),
                // The link is followed in the image, and never by a runtime on the host.
                ("/etc/one.conf", "/var/lib/sysctr/deployments/app/0/image-0/etc/one.conf", "bind ro nodev rprivate"),
            ],
            Mounts(0)
                .Where(m => $"{m!["source"]}".Contains("/image-0", StringComparison.Ordinal))
                .Select(m =>
                    (
                        $"{m!["destination"]}",
                        $"{m["source"]}",
                        string.Join(' ', m["options"]!.AsArray().Select(o => $"{o}"))
                    )
                )
        );
        if (form == CheckoutForm.HardLinks)
        {
            Assert.True(Directory.Exists(Root(0) + "/data"));
            Assert.True(File.Exists(Root(0) + "/etc/one.conf"));
        }

        // What the container may do on the host is what it may without.
        await _system.InstallAsync(host, "plain");
        Assert.Equal(host.Catalog.Get("plain").Rights, record.Rights);
    }

    [Fact]
    public async Task It_is_kept_while_a_deployment_has_it_whatever_becomes_of_its_name()
    {
        using Host host = _system.Open();
        await InstallAsync(host, null, Mount("/data"));
        ImageRecord other = host.OpenStore().Images.Find(Other)!;

        Assert.Equal(["app"], new ImageNames(host).UsersOf(other));
        await new ImageOperations(host, NoProgress.Instance, _system.Notes.Add).PruneAsync(all: true, Cancellation);
        Assert.NotNull(host.OpenStore().Images.Find(Other));

        host.OpenStore().Images.Delete(Other);
        await new ImageOperations(host, NoProgress.Instance, _system.Notes.Add).PruneAsync(all: true, Cancellation);
        Assert.All(other.DiffIds, l => Assert.True(host.OpenStore().HasLayer(l)));
        Assert.True(host.OpenStore().HasBlob(other.ManifestDigest));
        ImageReport left = Assert.Single(new ImageReports(host).List([]), i => !i.Named);
        Assert.Equal((Other, "app"), (left.Name, Assert.Single(left.UsedBy)));
        Assert.Empty(await FsckAsync(host, repair: false));

        await _system.UninstallAsync(host, "app");
        await new ImageOperations(host, NoProgress.Instance, _system.Notes.Add).PruneAsync(all: true, Cancellation);
        Assert.All(other.DiffIds, l => Assert.False(host.OpenStore().HasLayer(l)));
        Assert.False(Directory.Exists(_system.Store + "/deployments/app"));
    }

    [Fact]
    public async Task An_update_brings_what_its_name_means_now_and_a_rollback_what_it_meant()
    {
        using Host host = _system.Open();
        await InstallAsync(host, null, Mount("/data"));
        await _system.UpdateAsync(host, "app");
        Assert.Equal(0, host.Catalog.Get("app").Deployment);

        await WriteOtherAsync("two");
        Assert.Equal(
            [$"image {Other}"],
            (
                await new PlanOperation(host, NoProgress.Instance, _system.Notes.Add).UpdateAsync(
                    ["app"],
                    new UpdateRequest(),
                    Cancellation
                )
            )
                .Containers[0]
                .Values.Select(v => v.Name)
        );
        await _system.UpdateAsync(host, "app");

        Assert.Equal(1, host.Catalog.Get("app").Deployment);
        Assert.Equal("two", await File.ReadAllTextAsync(Tree(1) + "/etc/one.conf", Cancellation));
        Assert.Equal("one", await File.ReadAllTextAsync(Tree(0) + "/etc/one.conf", Cancellation));
        PlannedValue changed = Assert.Single(
            new DiffOperation(host, NoProgress.Instance, _system.Notes.Add).Compare("app", null, null).Values
        );
        Assert.Equal($"image {Other}", changed.Name);
        Assert.StartsWith(Other + "@sha256:", changed.From, StringComparison.Ordinal);
        Assert.NotEqual(changed.From, changed.To);

        await new RollbackOperation(host, _system.Notes.Add).RunAsync("app", null, StartPolicy.Default, Cancellation);
        Assert.Equal(0, host.Catalog.Get("app").Deployment);
        MountedImageReport info = Assert.Single(
            (await new ContainerReports(host).DetailsAsync("app", Cancellation)).MountedImages
        );
        Assert.Equal(("/var/lib/sysctr/deployments/app/0/image-0", "/data"), (info.Directory, info.Destinations[0]));

        // It is taken back by its option, as it came.
        await new UpdateOperation(host, NoProgress.Instance, _system.Notes.Add).RunAsync(
            ["app"],
            new UpdateRequest { Reset = ["mount"] },
            Cancellation
        );
        Assert.Empty(host.Catalog.Get("app").MountedImages);
        Assert.Empty(await FsckAsync(host, repair: false));
    }

    /// <summary>At night it is looked for as the container's own is, and one that was not well is not tried
    /// again.</summary>
    [Fact]
    public async Task Another_image_of_its_name_is_a_reason_for_an_update_at_night()
    {
        using Host host = _system.Open();
        await _system.InstallAsync(
            host,
            new InstallRequest(_system.Image)
            {
                Name = "app",
                AutoUpdate = AutoUpdatePolicy.Registry,
                Settings = OfflineSystem.Settings(Mount("/data")),
            }
        );
        Assert.Equal(AutoUpdateResult.Current, await LookAsync());

        await WriteOtherAsync("two");
        Assert.Equal(AutoUpdateResult.Pending, await LookAsync());

        ContainerRecord before = host.Catalog.Get("app");
        await _system.UpdateAsync(host, "app");
        ContainerRecord after = host.Catalog.Get("app");
        Assert.False(before.HasImagesOf(after));
        await new RollbackOperation(host, _system.Notes.Add).RunAsync("app", null, StartPolicy.Default, Cancellation);
        Assert.Equal(AutoUpdateResult.Held, await LookAsync());

        await new PruneOperation(host, _system.Notes.Add).RunAsync(["app"], keep: 1, Cancellation);
        Assert.Equal(AutoUpdateResult.Pending, await LookAsync());
        before = host.Catalog.Get("app");
        RecordChange.Make(
            host,
            before,
            before with
            {
                Failed = new FailedUpdate(after.Image, after.ManifestDigest, DateTimeOffset.UtcNow, "x")
                {
                    Mounted = [after.MountedImages[0].ManifestDigest],
                },
            }
        );
        Assert.Equal(AutoUpdateResult.Held, await LookAsync());

        async Task<AutoUpdateResult> LookAsync() =>
            Assert
                .Single(
                    await new AutoUpdateOperation(host, NoProgress.Instance, _system.Notes.Add).RunAsync(
                        dryRun: true,
                        Cancellation
                    )
                )
                .Result;
    }

    [Theory]
    [InlineData("echo altered > image-0/etc/one.conf", true)]
    [InlineData("rm image-0/etc/link", false)]
    [InlineData("rm -r image-0", false)]
    [InlineData("rm -r image-0 rootfs", false)]
    public async Task What_is_damaged_is_found_and_mended(string damage, bool shared)
    {
        using (Host host = _system.Open())
        {
            await InstallAsync(host, CheckoutForm.HardLinks, Mount("/data"), Mount("/etc/conf", ",subpath=/etc/link"));
        }

        // A file in it is the store's own inode, so that what is written to one is written to the other.
        await Command.MustAsync(
            "sh",
            "-c",
            $"cd {_system.Store}/deployments/app/0; {(shared ? "cp --remove-destination image-0/etc/one.conf x; mv x image-0/etc/one.conf; " : "")}{damage}"
        );
        using Host other = _system.Open();

        Assert.NotEmpty(await FsckAsync(other, repair: false));
        IReadOnlyList<string> mended = await FsckAsync(other, repair: true);

        IReadOnlyList<string> left = await FsckAsync(other, repair: false);
        Assert.True(left.Count == 0, string.Join('\n', mended.Concat(left)));
        Assert.Equal("one", await File.ReadAllTextAsync(Tree(0) + "/etc/one.conf", Cancellation));
        Assert.True(File.Exists(Root(0) + "/etc/conf"));
    }

    [Fact]
    public async Task A_lost_configuration_is_rendered_as_it_was()
    {
        using Host host = _system.Open();
        await InstallAsync(host, CheckoutForm.HardLinks, Mount("/data"));
        string config = _system.Store + "/deployments/app/0/config.json";
        byte[] before = await File.ReadAllBytesAsync(config, Cancellation);
        File.Delete(config);

        await FsckAsync(host, repair: true);

        Assert.Equal(before, await File.ReadAllBytesAsync(config, Cancellation));
    }

    [Fact]
    public async Task What_the_image_does_not_have_is_refused_with_nothing_changed()
    {
        using Host host = _system.Open();

        SysctrException missing = await Assert.ThrowsAsync<SysctrException>(() =>
            InstallAsync(host, null, Mount("/data", ",subpath=/none"))
        );
        Assert.Equal(ErrorKind.NotFound, missing.Kind);
        Assert.Contains("has no /none", missing.Message, StringComparison.Ordinal);

        SysctrException unfetched = await Assert.ThrowsAsync<SysctrException>(() =>
            _system.InstallAsync(
                host,
                new InstallRequest(_system.Image)
                {
                    Name = "app",
                    MountPulls = new Dictionary<string, PullPolicy> { ["registry.example/none"] = PullPolicy.Never },
                    Settings = OfflineSystem.Settings(("mount", "type=image,src=registry.example/none,dst=/d")),
                }
            )
        );
        Assert.Equal(ErrorKind.NotFound, unfetched.Kind);
        Assert.Empty(host.Catalog.DirectoryNames());
    }

    /// <summary>As the container's own image, by an .image file, whose policy counts.</summary>
    [Fact]
    public async Task It_is_declared_by_name_or_by_the_file_that_names_it()
    {
        Write(
            "app.container",
            $"[Container]\nNetwork=host\nImage={_system.Image}\nMount=type=image,src=data.image,dst=/d,subpath=/etc"
        );
        Write("data.image", $"[Image]\nImage={Other}\nPolicy=always");
        using Host host = _system.Open();

        Assert.Equal([ApplyAction.Install], await ApplyAsync(host));
        Assert.Equal("one", await File.ReadAllTextAsync(Tree(0) + "/etc/one.conf", Cancellation));
        Assert.Equal([ApplyAction.None], await ApplyAsync(host));

        await WriteOtherAsync("two");
        Assert.Equal([ApplyAction.Update], await ApplyAsync(host));
        Assert.Equal("two", await File.ReadAllTextAsync(Tree(1) + "/etc/one.conf", Cancellation));

        // Without the file's word a name means what it meant.
        Write("data.image", $"[Image]\nImage={Other}");
        Assert.Equal([ApplyAction.None], await ApplyAsync(host));
        Write(
            "app.container",
            $"[Container]\nNetwork=host\nImage={_system.Image}\nMount=type=image,src={Other},dst=/e"
        );
        Assert.Equal([ApplyAction.Update], await ApplyAsync(host));
        Assert.Equal(
            "/e",
            Assert
                .Single((await new ContainerReports(host).DetailsAsync("app", Cancellation)).MountedImages)
                .Destinations[0]
        );

        Write(
            "app.container",
            $"[Container]\nNetwork=host\nImage={_system.Image}\nMount=type=image,src=Registry.example/UPPER,dst=/e"
        );
        SysctrException odd = await Assert.ThrowsAsync<SysctrException>(() => ApplyAsync(host));
        Assert.Contains("app.container:4: Mount=: ", odd.Message, StringComparison.Ordinal);
    }

    private Task InstallAsync(Host host, CheckoutForm? form, params (string Option, string Value)[] mounts) =>
        _system.InstallAsync(
            host,
            new InstallRequest(_system.Image)
            {
                Name = "app",
                Checkout = form,
                Settings = OfflineSystem.Settings(mounts),
            }
        );

    private (string Option, string Value) Mount(string destination, string more = "") =>
        ("mount", $"type=image,source={Other},destination={destination}{more}");

    private string Tree(int number) => $"{_system.Store}/deployments/app/{number}/image-0";

    private string Root(int number) => $"{_system.Store}/deployments/app/{number}/rootfs";

    private JsonArray Mounts(int number) =>
        JsonNode.Parse(File.ReadAllText($"{_system.Store}/deployments/app/{number}/config.json"))!["mounts"]!.AsArray();

    private async Task WriteOtherAsync(string content)
    {
        if (Directory.Exists(_system.Beside("other")))
        {
            Directory.Delete(_system.Beside("other"), recursive: true);
        }

        await new LayoutWriter()
            .File("/etc/one.conf", content)
            .Link("/etc/link", "/etc/one.conf")
            .WriteAsync(_system.Beside("other"));
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Declared);
        File.WriteAllText($"{Declared}/{name}", text + "\n");
    }

    private async Task<IReadOnlyList<ApplyAction>> ApplyAsync(Host host) =>
        [
            .. (
                await new ApplyOperation(host, NoProgress.Instance, _system.Notes.Add).RunAsync(
                    new ApplyRequest { Places = [] },
                    Cancellation
                )
            ).Select(r => r.Action),
        ];

    /// <summary>Until nothing of it was passed over, for a repair does each thing once.</summary>
    private static async Task<IReadOnlyList<string>> FsckAsync(Host host, bool repair)
    {
        List<Finding> found = [];
        bool isWhole = false;
        await LockRelease.AwaitAsync(async () =>
        {
            IReadOnlyList<Finding> now = (
                await new FsckOperation(host, NoProgress.Instance).RunAsync(content: true, repair, Cancellation)
            ).Findings;
            found.AddRange(now.Where(f => f.Mended));
            isWhole = !now.Any(f => f.Kind == FindingKind.NotChecked || (repair && f.IsLeft));
            found.AddRange(isWhole ? now.Where(f => !f.Mended) : []);
            return isWhole;
        });
        Assert.True(isWhole, string.Join('\n', found));
        return [.. found.Select(f => $"{f}")];
    }
}
