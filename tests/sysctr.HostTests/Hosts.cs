// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// A Debian 12 host in nspawn with all test images in its registry; shared by the tests of a collection. Collections
/// run side by side, as many as there are cores.
/// </summary>
public class NspawnFixture : IAsyncLifetime
{
    /// <summary>The host.</summary>
    public NspawnHost Host { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync() =>
        Host = await NspawnHost.StartAsync(HostRoot.Tested, await ImageBuilder.RegistryStorageAsync(ImageSource.All));

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await (Host?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}

/// <summary>Such a host whose trees are on disk, as on one that can't mount them; the others mount theirs.</summary>
public sealed class HardLinksFixture : NspawnFixture
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Host.ShellAsync("echo 'checkout = \"hardlinks\"' >> /etc/sysctr/sysctr.toml");
    }
}

/// <summary>A Debian 12 host in nspawn that has the images of docs/images.md in its registry.</summary>
public sealed class OrdinaryImagesFixture : IAsyncLifetime
{
    /// <summary>The host.</summary>
    public NspawnHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Host = await NspawnHost.StartAsync(
            HostRoot.Tested,
            await ImageBuilder.RegistryStorageAsync(ImageSource.Ordinary)
        );

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>A whole machine with all test images in its registry; shared by the tests of a collection.</summary>
public sealed class MachineFixture : IAsyncLifetime
{
    /// <summary>The machine.</summary>
    public QemuHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Host = await QemuHost.StartAsync(await ImageBuilder.RegistryStorageAsync(ImageSource.All));

    public ValueTask DisposeAsync() => Host?.DisposeAsync() ?? ValueTask.CompletedTask;
}

[CollectionDefinition(Name)]
public sealed class InstallingHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "installing";
}

[CollectionDefinition(Name)]
public sealed class RunningHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "running";
}

[CollectionDefinition(Name)]
public sealed class OrdinaryHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "ordinary";
}

[CollectionDefinition(Name)]
public sealed class ImagesHost : ICollectionFixture<HardLinksFixture>
{
    public const string Name = "images";
}

[CollectionDefinition(Name)]
public sealed class CheckedHost : ICollectionFixture<HardLinksFixture>
{
    public const string Name = "checked";
}

[CollectionDefinition(Name)]
public sealed class UserHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "user";
}

[CollectionDefinition(Name)]
public sealed class SmallDiskHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "small disk";
}

[CollectionDefinition(Name)]
public sealed class LegacyHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "legacy";
}

[CollectionDefinition(Name)]
public sealed class AnsibleHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "ansible";
}

[CollectionDefinition(Name)]
public sealed class FleetOfHosts : ICollectionFixture<Fleet>
{
    public const string Name = "fleet";
}

[CollectionDefinition(Name)]
public sealed class HealthHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "health";
}

[CollectionDefinition(Name)]
public sealed class SourcesHost : ICollectionFixture<HardLinksFixture>
{
    public const string Name = "sources";
}

[CollectionDefinition(Name)]
public sealed class Machine : ICollectionFixture<MachineFixture>
{
    public const string Name = "machine";
}

[CollectionDefinition(Name)]
public sealed class WildHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "wild";
}

[CollectionDefinition(Name)]
public sealed class PageHost : ICollectionFixture<OrdinaryImagesFixture>
{
    public const string Name = "page of images";
}

/// <summary>Where the Debian package comes and goes, and what README.md shows is tried: nobody else's containers are
/// there.</summary>
[CollectionDefinition(Name)]
public sealed class PackagedHost : ICollectionFixture<NspawnFixture>
{
    public const string Name = "packaged";
}
