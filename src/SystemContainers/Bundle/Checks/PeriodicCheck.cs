// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.Bundle.Checks;

/// <summary>A health check that is made again and again while the container runs (--health-interval, --health-retries,
/// --health-on-failure of podman-run(1)), as an annotation has it.</summary>
/// <param name="Command">Program and words to run inside; null for none.</param>
/// <param name="Http">URL to get; null for none.</param>
/// <param name="Tcp">HOST:PORT to connect to; null for none.</param>
/// <param name="Directory">Where the command begins.</param>
/// <param name="Attempt">Seconds that one may take.</param>
/// <param name="Interval">Seconds from the end of one to the next; 0 where it is not repeated.</param>
/// <param name="Retries">So many failures in a row make it unhealthy.</param>
/// <param name="StartPeriod">Seconds from the start in which failures do not count.</param>
/// <param name="OnFailure">none, kill, restart or stop.</param>
/// <param name="Startup">What has to hold before any of it counts; null for nothing.</param>
sealed record PeriodicCheck(
    IReadOnlyList<string>? Command,
    string? Http,
    string? Tcp,
    string Directory,
    double Attempt,
    double Interval,
    int Retries,
    double StartPeriod,
    string OnFailure,
    StartupCheck? Startup = null
)
{
    /// <summary>On one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CheckJson.Default.PeriodicCheck);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static PeriodicCheck Parse(string json) =>
        JsonSerializer.Deserialize(json, CheckJson.Default.PeriodicCheck)!;
}
