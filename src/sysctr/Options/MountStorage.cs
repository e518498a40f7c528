// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Options;

/// <summary>Values of <c>mount --storage</c>.</summary>
enum MountStorage
{
    /// <summary>The images of the store.</summary>
    Images,

    /// <summary>The installed containers.</summary>
    Containers,
}
