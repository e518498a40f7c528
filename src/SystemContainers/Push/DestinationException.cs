// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Push;

/// <summary>A copy failed for its destination; does not leave the rooms that copy.</summary>
/// <param name="fault">Why.</param>
#pragma warning disable CA1032, CA1064, RCS1194 // It is nobody else's to make or to catch.
sealed class DestinationException(SysctrException fault) : Exception(fault.Message, fault)
#pragma warning restore CA1032, CA1064, RCS1194
{
    /// <summary>Why.</summary>
    public SysctrException Fault => fault;
}
