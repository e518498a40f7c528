// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings.Ids;

/// <summary>Whose users a container's are.</summary>
enum UserNamespaceMode
{
    /// <summary>The host's, or of a user's container the user's namespace.</summary>
    Host,

    /// <summary>A namespace of its own in which every id is what it is outside.</summary>
    KeepId,

    /// <summary>A namespace of its own, of ids that no other container has.</summary>
    Auto,

    /// <summary>A namespace of its own, as maps say or as the subordinate ids of a name are.</summary>
    Mapped,
}
