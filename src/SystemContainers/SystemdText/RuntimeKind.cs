// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>The OCI runtimes whose ways with cgroups and descriptors we know.</summary>
enum RuntimeKind
{
    /// <summary>runc, and whatever takes the same options.</summary>
    Runc,

    Crun,
}
