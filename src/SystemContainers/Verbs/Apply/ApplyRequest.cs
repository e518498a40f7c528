// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Requests;

namespace SystemContainers.Verbs.Apply;

/// <summary>What files shall make of a host.</summary>
sealed record ApplyRequest
{
    /// <summary>Files and directories as they were typed; none for the host's own directory.</summary>
    public IReadOnlyList<string> Places { get; init; } = [];

    /// <summary>Containers that came from these directories go, when no file declares them any more.</summary>
    public bool Prune { get; init; }

    /// <summary>No registry is asked: the store has the images, or it fails.</summary>
    public bool Offline { get; init; }

    /// <summary>When what was started counts as well; what a file says of it counts where this says nothing.</summary>
    public StartPolicy Start { get; init; } = StartPolicy.Default;
}
