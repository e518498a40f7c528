// SPDX-License-Identifier: Apache-2.0

using System.Runtime.ExceptionServices;

namespace SystemContainers.Linux.Processes;

/// <summary>
/// Work on a thread that ends with it: what unshare(2) changes is about the thread that calls, and what that starts;
/// the process's other threads stay where they are.
/// </summary>
static class OwnThread
{
    /// <summary>Waits for the work, and throws what it throws.</summary>
    public static void Run(Action work)
    {
        ExceptionDispatchInfo? failed = null;
        Thread thread = new(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                failed = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failed?.Throw();
    }
}
