// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Inspect;
using SystemContainers.Inspect.Images;
using SystemContainers.Inspect.Space;
using SystemContainers.Target;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Verify;
using Xunit;

namespace SystemContainers.Tests.Target;

/// <summary>A disk that the kernel has made read-only, or that somebody only looks at: what changes nothing needs to
/// write nothing.</summary>
[Trait("needs", "root")]
public sealed class ReadOnlyStoreTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    public async ValueTask InitializeAsync()
    {
        await _system.MakeAsync();
        using Host host = _system.Open();
        await _system.InstallAsync(host, "web");
        await _system.UpdateAsync(host, "web", ("env", "A=1"));

        // What the next call that can would clear away.
        Directory.CreateDirectory(_system.Store + "/staging/dead");
        await File.WriteAllTextAsync(_system.Store + "/staging/dead.lock", "");
        await Command.MustAsync("mount", "--bind", _system.Store, _system.Store);
        await Command.MustAsync("mount", "-o", "remount,ro,bind", _system.Store);
    }

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync("umount", "--lazy", _system.Store);
        _system.Dispose();
    }

    [Fact]
    public async Task What_only_looks_does_so()
    {
        using Host host = _system.Open();

        Assert.Equal("web", Assert.Single(await new ContainerReports(host).ListAsync(false, default)).Name);
        Assert.Equal("web", (await new ContainerReports(host).DetailsAsync("web", default)).Name);
        Assert.Equal(["install", "update"], host.History.Read(null, null).Select(e => e.Operation));
        Assert.Single(new ImageReports(host).List([]));
        Assert.NotEqual(0, new SpaceReports(host).Of().Files);
        VerifyReport verified = await new VerifyOperation(host, offline: true).RunAsync("web", kind: null, default);
        Assert.Equal(
            ["store", "deployment", "trust"],
            verified.Checks.Where(c => c.State == VerifyState.Ok).Select(c => c.Name)
        );
    }
}
