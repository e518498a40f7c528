// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Exports;

/// <summary>How to find out whether a payload that runs is well, with all values in place; everything that is named has
/// to hold.</summary>
sealed record HealthCheck
{
    /// <summary>Program and arguments to run inside the container; status 0 is well. Null for none.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Where the command begins, as the payload does; null in records of before this was kept.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>http: or https: URL to get from the host; a status of 2xx is well. Null for none.</summary>
    public string? Http { get; init; }

    /// <summary>HOST:PORT to connect to from the host. Null for none.</summary>
    public string? Tcp { get; init; }

    /// <summary>Seconds within which it has to become well.</summary>
    public double Timeout { get; init; } = 30;

    /// <summary>Seconds between two attempts.</summary>
    public double Interval { get; init; } = 1;

    /// <summary>Seconds that one attempt may take.</summary>
    public double Attempt { get; init; } = 10;
}
