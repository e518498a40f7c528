// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Composefs.Mounting;

/// <summary>A loop device over a file, for kernels that mount an EROFS image from a device alone (before Linux 6.12).
/// loop(4).</summary>
static unsafe class LoopDevice
{
    private const string Control = "loop-control";

    /// <summary>Others take devices too: who finds his taken asks for another.</summary>
    private const int Attempts = 64;

    /// <summary>Takes a free device; it is free again when nothing has it open or mounted.</summary>
    /// <param name="image">Open for reading.</param>
    /// <param name="devices">Where the nodes of devices are: /dev, or the root of a devtmpfs.</param>
    /// <param name="path">The device, for mounting it while the handle is open.</param>
    /// <exception cref="LinuxException">There is none, or the kernel has no loop devices.</exception>
    public static SafeFileHandle Attach(SafeFileHandle image, string devices, out string path)
    {
        string place = Path.Join(devices, Control);
        using SafeFileHandle control = Libc.open(place, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
        if (control.IsInvalid)
        {
            throw LinuxException.Last("open", place);
        }

        byte* config = stackalloc byte[Libc.LoopConfigSize];
        Span<byte> fields = new(config, Libc.LoopConfigSize);
        fields.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(fields, (int)image.DangerousGetHandle());
        BinaryPrimitives.WriteUInt32LittleEndian(
            fields[Libc.LoopFlagsOffset..],
            Libc.LO_FLAGS_READ_ONLY | Libc.LO_FLAGS_AUTOCLEAR
        );
        for (int attempt = 1; ; attempt++)
        {
            int number = Libc.ioctl(control, Libc.LOOP_CTL_GET_FREE, (void*)null);
            if (number < 0)
            {
                throw LinuxException.Last("ioctl", place);
            }

            path = Path.Join(devices, $"loop{number}");
            SafeFileHandle device = Libc.open(path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
            if (device.IsInvalid)
            {
                throw LinuxException.Last("open", path);
            }

            if (Libc.ioctl(device, Libc.LOOP_CONFIGURE, config) == 0)
            {
                return device;
            }

            int errno = Marshal.GetLastPInvokeError();
            device.Dispose();
            if (errno != Errno.EBUSY || attempt == Attempts)
            {
                throw new LinuxException("ioctl", path, errno);
            }
        }
    }
}
