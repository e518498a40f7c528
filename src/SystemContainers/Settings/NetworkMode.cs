// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>Where a container's network is from.</summary>
enum NetworkMode
{
    /// <summary>The host's own.</summary>
    Host,

    /// <summary>One of its own with nothing but the loopback.</summary>
    None,

    /// <summary>A namespace that is there by a path.</summary>
    Namespace,

    /// <summary>Another container's or a pod's.</summary>
    Container,

    /// <summary>One of its own, on networks that have names.</summary>
    Bridge,

    /// <summary>One of its own, whose packets a process of the user passes on: pasta(1).</summary>
    Pasta,
}
