// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Verity;

namespace SystemContainers.Composefs.Mounting;

/// <summary>
/// Which images of trees were found to be the right ones since the host has booted, for file systems without fs-verity:
/// there a start would read and hash the whole image each time, which takes longer than to mount it. A file that was
/// written to since, or is another one, is not known: the kernel notes a change of either (inode(7), ctime). What
/// changes on a disk without the kernel's knowledge is seen at the next boot, and by fsck.
/// </summary>
/// <param name="directory">In memory, where root alone writes; made where it is not there.</param>
/// <param name="clock">The host's; null for that of this process.</param>
sealed class ProvenImages(string directory, TimeProvider? clock = null)
{
    /// <summary>A file that was changed so lately may be changed again within the same tick of the clock that it is
    /// noted with.</summary>
    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(1);

    /// <summary>Whether an image was found to have this digest, and was not changed since.</summary>
    public bool Has(SafeFileHandle image, VerityDigest digest)
    {
        try
        {
            string state = State(image);
            return File.ReadAllText(Record(digest, state)) == state;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Notes that an image has this digest; not one that was changed a moment ago.</summary>
    /// <param name="image">It, open.</param>
    /// <param name="digest">What it was found to have.</param>
    /// <param name="before">What <see cref="State(SafeFileHandle)"/> gave before the image was read.</param>
    public void Add(SafeFileHandle image, VerityDigest digest, string before)
    {
        if (
            State(image, out DateTimeOffset changed) != before
            || ((clock ?? TimeProvider.System).GetUtcNow() - changed).Duration() < s_settled
        )
        {
            return;
        }

        try
        {
            PrivateDirectory.Make(directory);
#pragma warning disable RS0030 // It is in memory. What is cut is not what a file has.
            File.WriteAllText(Record(digest, before), before);
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SysctrException)
        {
            // The next start reads the image again.
        }
    }

    /// <summary>Which file it is, how long, and when the kernel last noted a change.</summary>
    /// <exception cref="LinuxException">It can't be asked.</exception>
    public static string State(SafeFileHandle image) => State(image, out _);

    private static string State(SafeFileHandle image, out DateTimeOffset changed)
    {
        if (Libc.statx(image, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
        {
            throw LinuxException.Last("statx", "an image");
        }

        changed = DateTimeOffset
            .FromUnixTimeSeconds(stat.stx_ctime.tv_sec)
            .AddTicks(stat.stx_ctime.tv_nsec / TimeSpan.NanosecondsPerTick);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{stat.stx_dev_major}:{stat.stx_dev_minor} {stat.stx_ino} {stat.stx_size} {stat.stx_ctime.tv_sec}.{stat.stx_ctime.tv_nsec:D9}\n"
        );
    }

    /// <summary>Deployments of one image have each their own file of it.</summary>
    private string Record(VerityDigest digest, string state) => Path.Join(directory, $"{digest}-{state.Split(' ')[1]}");
}
