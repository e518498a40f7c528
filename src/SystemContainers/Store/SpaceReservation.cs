// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Store;

/// <summary>
/// Blocks that a pull has before it needs them, so that two pulls at once are not both promised the same room: a file
/// in its staging directory that shrinks as the layers grow, and goes with the directory.
/// </summary>
sealed class SpaceReservation : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private long _left;

    private SpaceReservation(SafeFileHandle file, string path, long bytes)
    {
        _file = file;
        _path = path;
        _left = bytes;
    }

    /// <summary>Takes the blocks.</summary>
    /// <param name="path">A new file's.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <returns>Null where the file system can't reserve.</returns>
    /// <exception cref="LinuxException">There is no room.</exception>
    public static SpaceReservation? Take(string path, long bytes)
    {
        SafeFileHandle file = Libc.open(
            path,
            OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.CloseOnExec,
            0x180
        );
        if (file.IsInvalid)
        {
            throw LinuxException.Last("open", path);
        }

        SpaceReservation reservation = new(file, path, bytes);
        if (Libc.fallocate(file, 0, 0, bytes) == 0)
        {
            return reservation;
        }

        LinuxException failure = LinuxException.Last("fallocate", path);
        reservation.Dispose();
        return failure.Errno == Errno.EOPNOTSUPP ? null : throw failure;
    }

    /// <summary>Gives as much back as was written elsewhere. Safe from several threads.</summary>
    public void GiveBack(long bytes)
    {
        lock (_file)
        {
            long left = Math.Max(0, _left - bytes);
            if (left != _left && Libc.ftruncate(_file, left) == 0)
            {
                _left = left;
            }
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (IOException)
        {
            // It goes with the directory.
        }
    }
}
