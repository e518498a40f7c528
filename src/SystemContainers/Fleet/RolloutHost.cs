// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Fleet;

/// <summary>A host of a roll-out as etcd has it.</summary>
/// <param name="Id">Of <see cref="MachineId"/>.</param>
/// <param name="Record">What it wrote.</param>
/// <param name="CreateRevision">Its place in the queue: etcd's revision in which it came.</param>
/// <param name="ModRevision">The revision in which it wrote last.</param>
/// <param name="Lease">The lease by which its process is alive; null where it is not.</param>
sealed record RolloutHost(string Id, SlotRecord Record, long CreateRevision, long ModRevision, long? Lease)
{
    /// <summary>Whether nobody else may begin: its update failed, or it was cut off while it changed the
    /// host.</summary>
    public bool Holds => Record.State == SlotState.Failed || (Record.State == SlotState.Switching && Lease is null);

    /// <summary>Why it holds the roll-out, for people.</summary>
    public string WhyHeld =>
        Record.State == SlotState.Failed
            ? $"the update of {Record.Host} failed at {Record.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z: {Record.Reason}"
            : $"{Record.Host} was cut off in the middle of its update, which began at {Record.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z";
}
