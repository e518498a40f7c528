// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Requests;

/// <summary>A command to execute in a container that runs.</summary>
/// <param name="Command">Program and arguments.</param>
sealed record ExecRequest(string Container, IReadOnlyList<string> Command)
{
    /// <summary>Whether it gets a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Who it runs as, <c>user[:group]</c> by name or number; null for whom the payload runs as.</summary>
    public string? User { get; init; }

    /// <summary>Where it runs, as the container sees it; null for where the payload does.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables, <c>NAME=VALUE</c>, in addition to the container's.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
}
