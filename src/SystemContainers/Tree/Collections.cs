// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tree;

/// <summary>
/// When the garbage collector runs. All of a tree, and what is made of it, is held until the call ends: a collection
/// meanwhile finds next to nothing to free and copies the rest. They were a quarter of an install of what is in the
/// store.
/// </summary>
static class Collections
{
    /// <summary>More than a tree of some ten thousand files and its image need; what is larger is collected as usual
    /// from there on.</summary>
    private const long TreeBytes = 32 << 20;

    /// <summary>Whoever made more before has pulled.</summary>
    private const long PulledBytes = 16 << 20;

    /// <summary>With less the collector has a limit of its own (of a control group, say), and is not to be kept from
    /// anything.</summary>
    private const long PlentyBytes = 512 << 20;

    private static bool s_isSettled;

    /// <summary>
    /// Before a tree is made: collections are put off, once in a process, until as much is made as a usual tree needs.
    /// After a pull the memory that it took is given back instead, so that the peak is that of the larger of the two
    /// and not of both.
    /// </summary>
    public static void Settle()
    {
        if (Interlocked.Exchange(ref s_isSettled, true))
        {
            return;
        }

        if (GC.GetTotalAllocatedBytes() < PulledBytes)
        {
            if (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes > PlentyBytes)
            {
                _ = GC.TryStartNoGCRegion(TreeBytes);
            }
        }
        else
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }
}
