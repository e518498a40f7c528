// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Doctor;
using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Linux.Users;
using SystemContainers.Prepared;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>Ids of user namespaces are one container's, whoever else is being made at the moment.</summary>
[Trait("needs", "root")]
public sealed class UserRangesTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    public async ValueTask InitializeAsync() => await _system.MakeAsync();

    public ValueTask DisposeAsync()
    {
        _system.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Six that get all there is: had two of them the same, one place would be free.</summary>
    [Fact]
    public async Task Containers_of_one_call_get_ids_of_their_own()
    {
        Give(ranges: 6);
        using Host host = _system.Open();
        string[] names = ["a", "b", "c", "d", "e", "f"];

        await _system.InstallAsync(host, [.. names.Select(Request)]);

        Assert.Equal(
            Enumerable.Range(0, 6).Select(i => 100_000u + (1024u * (uint)i)),
            names.Select(n => Map(host, n).Uids.Single().Outside).Order()
        );
        SysctrException full = await Assert.ThrowsAsync<SysctrException>(() =>
            _system.InstallAsync(host, Request("g"))
        );
        Assert.Equal(ErrorKind.Host, full.Kind);
    }

    [Fact]
    public async Task What_a_container_has_whose_record_can_not_be_read_is_not_free()
    {
        Give(ranges: 1);
        using Host host = _system.Open();
        await _system.InstallAsync(host, Request("a"));
        File.WriteAllText(host.Deployment("a", 0).RecordFile, "{");

        Assert.Equal(
            ErrorKind.Host,
            (await Assert.ThrowsAsync<SysctrException>(() => _system.InstallAsync(host, Request("b")))).Kind
        );
    }

    [Fact]
    public async Task What_another_call_has_staged_is_not_free()
    {
        Give(ranges: 1);
        using Host host = _system.Open();
        using Host other = _system.Open();
        using ContainerTransaction first = new(host, NoProgress.Instance);
        await PrepareAsync(host, first, "a");
        first.Stage(CancellationToken.None);

        Assert.Equal(
            ErrorKind.Host,
            (await Assert.ThrowsAsync<SysctrException>(() => _system.InstallAsync(other, Request("b")))).Kind
        );
    }

    /// <summary>Neither has seen the other when it chose.</summary>
    [Fact]
    public async Task Of_two_calls_that_chose_the_same_at_one_moment_the_later_one_is_refused()
    {
        Give(ranges: 1);
        using Host host = _system.Open();
        using Host other = _system.Open();
        using ContainerTransaction first = new(host, NoProgress.Instance);
        using ContainerTransaction second = new(other, NoProgress.Instance);
        await PrepareAsync(host, first, "a");
        await PrepareAsync(other, second, "b");

        first.Stage(CancellationToken.None);
        SysctrException refused = Assert.Throws<SysctrException>(() => second.Stage(CancellationToken.None));

        Assert.Equal(ErrorKind.Locked, refused.Kind);
    }

    /// <summary>As an older version could leave it.</summary>
    [Fact]
    public async Task That_two_have_the_same_is_told_once()
    {
        Give(ranges: 3);
        using Host host = _system.Open();
        await _system.InstallAsync(host, Request("a"), Request("b"), Request("c"));
        DoctorTarget target = new(_system.Root, User: null);
        Assert.Empty(UserRangeCheck.Run(target));

        File.Copy(host.Deployment("a", 0).ConfigFile, host.Deployment("b", 0).ConfigFile, overwrite: true);

        DoctorFinding told = Assert.Single(UserRangeCheck.Run(target));
        Assert.Contains("b, of --userns auto, has ids that a has, too", told.Found, StringComparison.Ordinal);
        Assert.Contains("more than it has (1024)", told.Remedy, StringComparison.Ordinal);
    }

    private InstallRequest Request(string name) =>
        new(_system.Image) { Name = name, Settings = OfflineSystem.Settings(("userns", "auto:size=1024")) };

    private async Task PrepareAsync(Host host, ContainerTransaction transaction, string name)
    {
        InstallRequest request = Request(name);
        IReadOnlyList<StoredImage> images = await transaction.FetchAsync(
            () => Task.FromResult<IReadOnlyList<WantedImage>>([new WantedImage(host.Registries, request)]),
            () => host.LockAndRecoverAsync([name], CancellationToken.None),
            CancellationToken.None
        );
        PreparedContainer prepared = await transaction.PrepareAsync(
            request,
            name,
            Assert.Single(images),
            CancellationToken.None
        );
        transaction.Add(null, prepared);
    }

    private static IdMap Map(Host host, string name) =>
        IdMappings.Find(JsonNode.Parse(File.ReadAllBytes(host.Deployment(name, 0).ConfigFile)))!;

    private void Give(int ranges)
    {
        foreach (string file in (string[])["subuid", "subgid"])
        {
            File.WriteAllText($"{_system.Root}/etc/{file}", $"containers:100000:{1024 * ranges}\n");
        }
    }
}
