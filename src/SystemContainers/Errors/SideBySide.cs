// SPDX-License-Identifier: Apache-2.0

using System.Runtime.ExceptionServices;

namespace SystemContainers.Errors;

/// <summary>Work on many things beside each other, whose failure is what was thrown, as of a loop: an
/// AggregateException would be taken for a defect of ours.</summary>
static class SideBySide
{
    /// <summary>Does it for each, by as many threads as there are processors. After a failure no more are
    /// begun.</summary>
    /// <param name="things">Read by one thread at a time.</param>
    /// <param name="work">Called by several.</param>
    /// <param name="cancellation">Begins no more.</param>
    public static void ForEach<T>(IEnumerable<T> things, Action<T> work, CancellationToken cancellation = default)
    {
        ParallelOptions options = new()
        {
            CancellationToken = cancellation,
            MaxDegreeOfParallelism = Environment.ProcessorCount,
        };
        try
        {
            Parallel.ForEach(things, options, work);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
