// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace SystemContainers.State;

/// <summary>Whose an operation is and since when. It stands in the intent record, so that a recovery can tell it
/// too.</summary>
/// <param name="StartedAt">When it began.</param>
/// <param name="By">Who asked for it.</param>
sealed record HistoryOrigin(DateTimeOffset StartedAt, HistoryActor By)
{
    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>The caller of this process, from now on.</summary>
    public static HistoryOrigin Now() => new(DateTimeOffset.UtcNow, HistoryActor.Caller);

    /// <summary>Seconds since it began; only in the process that began it.</summary>
    public double Elapsed() => Math.Round(Stopwatch.GetElapsedTime(_started).TotalSeconds, 3);
}
