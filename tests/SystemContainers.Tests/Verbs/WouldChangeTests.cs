// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Verbs;

/// <summary>Whether a host with several containers has something to update, before it takes a slot for it.</summary>
[Trait("needs", "root")]
public sealed class WouldChangeTests : IAsyncLifetime
{
    private readonly OfflineSystem _system = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _system.MakeAsync();
        using Host host = _system.Open();
        await _system.InstallAsync(host, "a");
        await _system.InstallAsync(host, "b");
        await _system.WriteImageAsync("second");
    }

    public ValueTask DisposeAsync()
    {
        _system.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_the_host_does_to_one_keeps_no_other_from_its_turn()
    {
        BreakLock("a");
        using Host host = _system.Open();

        Assert.True(await WouldChangeAsync(host, "a", "b"));
    }

    [Fact]
    public async Task It_is_told_where_there_is_no_other()
    {
        BreakLock("a");
        using Host host = _system.Open();

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => WouldChangeAsync(host, "a"));

        Assert.Contains("a.lock", e.Message, StringComparison.Ordinal);
    }

    private Task<bool> WouldChangeAsync(Host host, params string[] names) =>
        new UpdateOperation(host, NoProgress.Instance, _system.Notes.Add).WouldChangeAsync(
            names,
            new UpdateRequest(),
            Cancellation
        );

    /// <summary>A directory is no file that can be opened to write, whoever asks.</summary>
    private void BreakLock(string name)
    {
        string file = $"{_system.Store}/locks/{name}.lock";
        File.Delete(file);
        Directory.CreateDirectory(file);
    }
}
