// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Systemd;

/// <summary>A service of <see cref="SystemdContract"/>.</summary>
/// <param name="Name">NAME.service.</param>
/// <param name="Does">What its process does.</param>
sealed record ContractService(string Name, ContractProcess Does = ContractProcess.Stays)
{
    /// <summary>A unit that it is started after.</summary>
    public string? After { get; init; }

    /// <summary>A unit that it is stopped with.</summary>
    public string? Requires { get; init; }
}
