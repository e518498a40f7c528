// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Store.Records;

/// <summary>
/// What the store's file system makes of times. It has a range and a grain, and cuts without a word (utimensat(2)):
/// ext4 ends in 2446, in 2038 with small inodes, which have no fractions of a second either. What can't be kept is
/// recorded as it is kept, or no check would ever find the store right.
/// </summary>
/// <param name="directory">On the store's file system; a file is made there that has no name.</param>
sealed unsafe class FileTimes(string directory)
{
    /// <summary>Every file system keeps whole seconds of these.</summary>
    private const long SafeEnd = int.MaxValue;

    private const int AnyFraction = 123_456_789;

    /// <summary>Of hostile layers as many are asked about one by one as are remembered.</summary>
    private const int MaxKnown = 4096;

    private readonly ConcurrentDictionary<(long, int), (long, int)> _known = new();
    private readonly Lazy<bool> _keepsFractions = new(() => Ask(directory, (1, AnyFraction)) == (1, AnyFraction));
    private int _changed;

    /// <summary>How many times were cut since the last look, and one of the files.</summary>
    public (int Count, string Example) Changed => (_changed, Example ?? "");

    private string? Example { get; set; }

    /// <summary>A time as the file system keeps it.</summary>
    /// <param name="seconds">Since 1970.</param>
    /// <param name="nanoseconds">0 to 999 999 999.</param>
    /// <param name="name">Whose time it is.</param>
    public (long Seconds, int Nanoseconds) AsKept(long seconds, int nanoseconds, ReadOnlySpan<byte> name)
    {
        (long, int) wanted = (seconds, nanoseconds);
        if (seconds is >= 0 and <= SafeEnd && (nanoseconds == 0 || _keepsFractions.Value))
        {
            return wanted;
        }

        if (!_known.TryGetValue(wanted, out (long, int) kept))
        {
            kept = Ask(directory, wanted);
            if (_known.Count < MaxKnown)
            {
                _known[wanted] = kept;
            }
        }

        if (kept != wanted)
        {
            Interlocked.Increment(ref _changed);
            Example ??= System.Text.Encoding.UTF8.GetString(name);
        }

        return kept;
    }

    /// <summary>Forgets what was counted: it has been said.</summary>
    public void Forget()
    {
        _changed = 0;
        Example = null;
    }

    /// <summary>Where it can't be asked, the time is taken as it is.</summary>
    private static (long, int) Ask(string directory, (long Seconds, int Nanoseconds) time)
    {
        using SafeFileHandle file = Libc.open(
            directory,
            OpenFlags.TemporaryFile | OpenFlags.WriteOnly | OpenFlags.CloseOnExec,
            0x180
        );
        if (file.IsInvalid)
        {
            return time;
        }

        timespec* times = stackalloc timespec[2];
        times[0] = new timespec { tv_sec = time.Seconds, tv_nsec = (int)time.Nanoseconds };
        times[1] = times[0];
        return
            Libc.futimens(file, times) == 0
            && Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? (stat.stx_mtime.tv_sec, (int)stat.stx_mtime.tv_nsec)
            : time;
    }
}
