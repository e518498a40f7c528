// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Settings;

namespace SystemContainers.Network;

/// <summary>What was made for a container that runs, in /run: it goes with the machine, as the namespace does. With it
/// what was made is taken away.</summary>
/// <param name="Id">The container's, with its instance.</param>
/// <param name="Namespace">Absolute path.</param>
/// <param name="Input">What netavark was given. Its addresses and ports are taken while the record is there.</param>
/// <param name="Status">What netavark has said, by network; null while it was not done.</param>
sealed record NetworkRecord(
    string Id,
    string Namespace,
    NetavarkInput Input,
    IReadOnlyDictionary<string, NetavarkStatus>? Status = null
)
{
    /// <summary>The addresses of the container, in the order of its networks.</summary>
    [JsonIgnore]
    public IEnumerable<string> Addresses => Input.Networks.Values.SelectMany(n => n.StaticIps);

    /// <summary>Whether it is a user's: behind the gateways of its networks is the namespace that they are in, and not
    /// the host.</summary>
    public bool IsUsers { get; init; }

    /// <summary>Of a user's: its ports on the host, with the numbers that they have, by sockets of the user's systemd.
    /// Those of the system's are netavark's.</summary>
    public IReadOnlyList<PublishedPort> Published { get; init; } = [];

    /// <summary>Of a user's: whether its network is owned by a namespace of users of its own
    /// (<see cref="NetworkNamespace.UsersOf"/>), and not by that of all the user's networks.</summary>
    public bool HasOwnUsers { get; init; }

    /// <summary>The host's addresses on its networks, by which the container reaches the host.</summary>
    [JsonIgnore]
    public IEnumerable<string> Gateways =>
        IsUsers ? [] : Input.NetworkInfo.Values.SelectMany(n => n.Subnets).Select(s => s.Gateway).OfType<string>();
}
