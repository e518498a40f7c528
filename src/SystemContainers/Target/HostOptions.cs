// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Reference;
using SystemContainers.State;

namespace SystemContainers.Target;

/// <summary>How a call works on its host.</summary>
sealed record HostOptions
{
    /// <summary>How long to wait for another sysctr before giving up; null for the default, ten minutes.</summary>
    public TimeSpan? LockTimeout { get; init; }

    /// <summary>How long to wait for a slot of a roll-out over many hosts; null without end.</summary>
    public TimeSpan? RolloutTimeout { get; init; }

    /// <summary>
    /// Whether the host is only just booting: no D-Bus yet, nothing runs, and nobody may wait for a job. Unit files and
    /// links are changed as on a system that does not run.
    /// </summary>
    public bool IsBooting { get; init; }

    /// <summary>The clock that waits go by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Collects what the call has done, for the words at its end.</summary>
    public CallOutcome Outcome { get; init; } = new();

    /// <summary>Files to read about registries; null for the caller's.</summary>
    public RegistriesConfPaths? Registries { get; init; }
}
