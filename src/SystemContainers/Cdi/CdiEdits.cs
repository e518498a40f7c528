// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace SystemContainers.Cdi;

/// <summary>What a configuration gets for a device (SPEC.md, "OCI Edits").</summary>
sealed record CdiEdits
{
    /// <summary><c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    public IReadOnlyList<CdiDeviceNode> DeviceNodes { get; init; } = [];

    /// <summary>Interfaces of the host that become the container's, each with its name there.</summary>
    public IReadOnlyList<(string Host, string Container)> NetDevices { get; init; } = [];

    public IReadOnlyList<CdiMount> Mounts { get; init; } = [];

    public IReadOnlyList<CdiHook> Hooks { get; init; } = [];

    /// <summary><c>linux.intelRdt</c>, as the OCI runtime-spec has it, too; null for none.</summary>
    public JsonObject? IntelRdt { get; init; }

    /// <summary>Supplementary groups of the payload.</summary>
    public IReadOnlyList<long> AdditionalGids { get; init; } = [];

    /// <summary>Whether it changes nothing.</summary>
    public bool IsEmpty =>
        Env.Count + DeviceNodes.Count + NetDevices.Count + Mounts.Count + Hooks.Count + AdditionalGids.Count == 0
        && IntelRdt is null;
}
