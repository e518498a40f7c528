// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Network;

/// <summary>A container's place on a network.</summary>
sealed record NetworkAttachment
{
    /// <summary>The network's name.</summary>
    public required string Network { get; init; }

    /// <summary>The device's name inside.</summary>
    public required string Interface { get; init; }

    /// <summary>Addresses that were asked for; the rest is given by the network.</summary>
    public IReadOnlyList<string> Ips { get; init; } = [];

    /// <summary>Null for any.</summary>
    public string? Mac { get; init; }

    /// <summary>Names for the network's DNS.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
}
