// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Requests;

/// <summary>When containers that were started count as well, as far as the user said.</summary>
sealed record StartPolicy
{
    /// <summary>Where nobody says anything.</summary>
    public static StartPolicy Default { get; } = new();

    /// <summary>How long a unit has to stay up after its start; null for the host's setting.</summary>
    public TimeSpan? Settle { get; init; }

    /// <summary>The image's own health check is left out.</summary>
    public bool WithoutHealthCheck { get; init; }
}
