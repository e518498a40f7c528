// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Http;

/// <summary>Why a host is connected to: it decides at which addresses it may be.</summary>
enum ConnectionUse
{
    /// <summary>It is the registry, or where a redirect of it leads; no credentials go anywhere but to its own
    /// origin.</summary>
    Content,

    /// <summary>It is the token server that the registry names, and gets the user's password.</summary>
    LogIn,
}
