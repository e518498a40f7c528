// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Systemd;

/// <summary>What the process of a service does.</summary>
enum ContractProcess
{
    /// <summary>Stays until it is stopped.</summary>
    Stays,

    /// <summary>Ends at once with status 0.</summary>
    Ends,

    /// <summary>Ends with status 3 after half a second.</summary>
    Crashes,

    /// <summary>Is a oneshot's, and ends at once with status 1.</summary>
    Fails,
}
