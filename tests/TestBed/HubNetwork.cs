// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>A network that several hosts share: a bridge in a namespace of its own, so that nothing of it is on the
/// build machine's.</summary>
public sealed class HubNetwork : IAsyncDisposable
{
    /// <summary>Where servers in <see cref="Namespace"/> answer.</summary>
    public const string Address = "10.77.0.1";

    private const string Bridge = "hub0";

    // One of its own: else a bridge takes the lowest of its ports', which changes as hosts join, and those that have
    // asked for it before talk to nobody for half a minute.
    private const string HardwareAddress = "02:0a:4d:00:00:01";
    private int _hosts;

    private HubNetwork(NetworkNamespace own) => Namespace = own;

    /// <summary>The bridge's own namespace, for servers that all hosts use.</summary>
    public NetworkNamespace Namespace { get; }

    /// <summary>Makes the network.</summary>
    /// <param name="name">As of a <see cref="Scratch"/>.</param>
    public static async Task<HubNetwork> CreateAsync(string name)
    {
        NetworkNamespace own = await NetworkNamespace.CreateAsync(name);
        await Command.MustAsync("ip", "-n", name, "link", "add", Bridge, "address", HardwareAddress, "type", "bridge");
        await Command.MustAsync("ip", "-n", name, "address", "add", Address + "/16", "dev", Bridge);
        await Command.MustAsync("ip", "-n", name, "link", "set", Bridge, "up");
        return new HubNetwork(own);
    }

    /// <summary>Gives a host's network an <c>eth0</c> here; it goes with the host's.</summary>
    public async Task JoinAsync(NetworkNamespace host)
    {
        int number = Interlocked.Increment(ref _hosts);
        string port = $"port{number}";
        await Command.MustAsync(
            "ip",
            "-n",
            Namespace.Name,
            "link",
            "add",
            port,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            host.Name
        );
        await Command.MustAsync("ip", "-n", Namespace.Name, "link", "set", port, "master", Bridge, "up");
        await Command.MustAsync("ip", "-n", host.Name, "address", "add", $"10.77.1.{number}/16", "dev", "eth0");
        await Command.MustAsync("ip", "-n", host.Name, "link", "set", "eth0", "up");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Namespace.DisposeAsync();
}
