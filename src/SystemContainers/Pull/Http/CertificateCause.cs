// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Http;

/// <summary>What is the matter with a server's certificate.</summary>
enum CertificateCause
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>Nobody whom this host knows signed it.</summary>
    Authority,

    /// <summary>It is another host's.</summary>
    Name,

    /// <summary>It is not valid now.</summary>
    Time,
}
