// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Http;

/// <summary>Who can be at an address, the widest first: what is further down trusts its callers more.</summary>
enum NetworkReach
{
    /// <summary>A host of the internet.</summary>
    Global,

    /// <summary>A host of a network that the internet can't reach.</summary>
    Private,

    /// <summary>A neighbour on the wire: routers, and the metadata service of a cloud, which gives out keys to whoever
    /// asks.</summary>
    LinkLocal,

    /// <summary>This host itself.</summary>
    Loopback,
}
