// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>A network of one host: loopback only, so every host may use the same ports and none reaches the
/// outside.</summary>
public sealed class NetworkNamespace : IAsyncDisposable
{
    private NetworkNamespace(string name) => Name = name;

    /// <summary>As in <c>ip netns</c>.</summary>
    public string Name { get; }

    /// <summary>The file that stands for it.</summary>
    public string Path => $"/run/netns/{Name}";

    /// <summary>Makes the namespace and brings its loopback up.</summary>
    public static async Task<NetworkNamespace> CreateAsync(string name)
    {
        await Command.MustAsync("ip", "netns", "add", name);
        await Command.MustAsync("ip", "-n", name, "link", "set", "lo", "up");
        return new NetworkNamespace(name);
    }

    /// <summary>The command line that runs another one in this network.</summary>
    public string[] Enter(params string[] commandLine) => ["ip", "netns", "exec", Name, .. commandLine];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Command.MustAsync("ip", "netns", "delete", Name);
}
