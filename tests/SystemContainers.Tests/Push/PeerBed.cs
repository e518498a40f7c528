// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Push;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull;

namespace SystemContainers.Tests.Push;

/// <summary>Where we and other programs meet: docker-registry, which has no referrers API, the registry in this
/// process, which has and is strict, and copies between places.</summary>
sealed class PeerBed : IAsyncDisposable
{
    private readonly CopyBed _copies = new();
    private DockerRegistry? _docker;

    /// <inheritdoc cref="CopyBed.Host"/>
    public PullingHost Host => _copies.Host;

    public OciRegistry Strict { get; } = new();

    public DockerRegistry Docker => _docker ?? throw new InvalidOperationException("The bed was not started.");

    /// <summary>Of both.</summary>
    public IReadOnlyList<string> Hosts => [Docker.Host, Strict.Host];

    /// <summary>What a test puts there first, into the strict one.</summary>
    public string Source => $"docker://{Strict.Host}/source:v1";

    public async Task StartAsync()
    {
        _docker = await DockerRegistry.StartAsync();
        _copies.Host.Insecure(Strict.Host, _docker.Host);
    }

    /// <inheritdoc cref="CopyBed.CopyAsync"/>
    public Task<CopiedImage> CopyAsync(string from, string to, bool all = false) => _copies.CopyAsync(from, to, all);

    public async ValueTask DisposeAsync()
    {
        if (_docker is not null)
        {
            await _docker.DisposeAsync();
        }

        Strict.Dispose();
        _copies.Dispose();
    }
}
