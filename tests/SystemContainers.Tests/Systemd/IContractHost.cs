// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd;

namespace SystemContainers.Tests.Systemd;

/// <summary>Where <see cref="SystemdContract"/> runs.</summary>
interface IContractHost
{
    /// <summary>The systemd that has to keep it.</summary>
    ISystemdManager Systemd { get; }

    /// <summary>Puts a unit file there, for the next reload.</summary>
    void Put(ContractService service);

    /// <summary>Lets time pass until a task has ended.</summary>
    Task PassAsync(Task task);
}
