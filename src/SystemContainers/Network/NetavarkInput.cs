// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Settings;

namespace SystemContainers.Network;

/// <summary>What netavark reads (netavark: src/network/types.rs, <c>NetworkOptions</c>), as podman writes it; the same
/// for <c>setup</c> and <c>teardown</c>.</summary>
sealed record NetavarkInput(
    string ContainerId,
    string ContainerName,
    IReadOnlyList<PublishedPort> PortMappings,
    IReadOnlyDictionary<string, NetavarkAttachment> Networks,
    IReadOnlyDictionary<string, NetworkDefinition> NetworkInfo,
    IReadOnlyList<string>? DnsServers = null
)
{
    /// <summary>
    /// In front of our names: netavark names chains of the firewall by a network's name, and a podman on the same host
    /// has networks of its own.
    /// </summary>
    public const string Prefix = "sysctr-";
}

/// <summary>netavark: src/network/types.rs, <c>PerNetworkOptions</c>.</summary>
sealed record NetavarkAttachment(
    string InterfaceName,
    IReadOnlyList<string> StaticIps,
    string? StaticMac,
    IReadOnlyList<string>? Aliases
);

/// <summary>What netavark says of a network that it has set up (netavark: src/network/types.rs,
/// <c>StatusBlock</c>).</summary>
sealed record NetavarkStatus
{
    /// <summary>Where names are asked; empty without DNS.</summary>
    public IReadOnlyList<string>? DnsServerIps { get; init; }

    public IReadOnlyList<string>? DnsSearchDomains { get; init; }
}
