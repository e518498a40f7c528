// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Options;

/// <summary>The words of <c>--system-package</c>.</summary>
enum HostFilePolicy
{
    /// <summary>Host files are installed, but as no package of the host's package manager.</summary>
    No,

    /// <summary>Host files are left out.</summary>
    Absent,
}
