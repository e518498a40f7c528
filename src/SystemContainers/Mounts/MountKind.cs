// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Mounts;

/// <summary>Whose files are mounted.</summary>
enum MountKind
{
    /// <summary>An image of the store, checked out for as long as it is mounted.</summary>
    Image,

    /// <summary>The deployment of a container that was current when it was mounted.</summary>
    Container,
}
