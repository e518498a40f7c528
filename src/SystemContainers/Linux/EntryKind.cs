// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux;

/// <summary>What a name in a directory stands for.</summary>
enum EntryKind
{
    /// <summary>A FIFO, a socket, a device, or what has gone since.</summary>
    Other,
    File,
    Directory,

    /// <summary>A symbolic link, wherever it leads.</summary>
    Link,
}
