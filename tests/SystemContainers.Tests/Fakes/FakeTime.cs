// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;

namespace SystemContainers.Tests.Fakes;

/// <summary>Time that passes a thousand times as fast.</summary>
static class FakeTime
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);

    /// <summary>Lets the clock go on until a task has ended; what it waits for besides has its time too.</summary>
    public static async Task PassAsync(this FakeTimeProvider clock, Task task)
    {
        while (await Task.WhenAny(task, Task.Delay(1)) != task)
        {
            clock.Advance(s_step);
        }

        await task;
    }
}
