// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests;

/// <summary>
/// Locks that were let go of. A child that another test is just starting has copies of this process's open files until
/// it executes its program, and with them their locks (fork(2), flock(2)): so one may be held for some milliseconds
/// more.
/// </summary>
static class LockRelease
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    /// <summary>Tries something that needs a lock until it succeeds; whether it did is for the caller to look
    /// at.</summary>
    public static async Task AwaitAsync(Func<Task<bool>> attempt)
    {
        for (DateTime end = DateTime.UtcNow + s_limit; !await attempt() && DateTime.UtcNow < end;)
        {
            await Task.Delay(5);
        }
    }
}
