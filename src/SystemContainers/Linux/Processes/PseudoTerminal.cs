// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Processes;

/// <summary>
/// A terminal for somebody who must not have the caller's (pty(7)). As long as it is there the caller's terminal, where
/// there is one, is raw and keeps its size in step; disposing gives it its settings back.
/// </summary>
sealed unsafe class PseudoTerminal : IDisposable
{
    private const int Input = 0;
    private const int Output = 1;

    private readonly SafeFileHandle _held;
    private readonly bool _isRaw;
    private termios _before;

    /// <summary>Makes it and takes the caller's terminal over.</summary>
    /// <exception cref="SysctrException">Host: there is no pseudo terminal to be had.</exception>
    public PseudoTerminal()
    {
        Master = Libc.posix_openpt(OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec);
        byte* name = stackalloc byte[128];
        if (
            Master.IsInvalid
            || Libc.grantpt(Master) != 0
            || Libc.unlockpt(Master) != 0
            || Libc.ptsname_r(Master, name, 128) != 0
        )
        {
            throw Failed();
        }

        Name = Encoding.UTF8.GetString(
            System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)
        );

        // As long as nobody has its other end open, reading from this one is an error.
        _held = Libc.open(Name, OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec, 0);
        if (_held.IsInvalid)
        {
            throw Failed();
        }

        CopySize();
        termios before;
        if (Libc.isatty(Input) == 1 && Libc.tcgetpgrp(Input) == Libc.getpgrp() && Libc.tcgetattr(Input, &before) == 0)
        {
            _before = before;
            Libc.cfmakeraw(&before);
            _isRaw = Libc.tcsetattr(Input, Libc.TCSADRAIN, &before) == 0;
        }
    }

    /// <summary>What is written here is the other side's input, and what is read its output.</summary>
    public SafeFileHandle Master { get; }

    /// <summary>The other side's path, <c>/dev/pts/N</c>.</summary>
    public string Name { get; }

    /// <summary>Gives it the size of the caller's terminal.</summary>
    public void CopySize()
    {
        winsize size;
        if (Libc.ioctl(Output, Libc.TIOCGWINSZ, &size) == 0 || Libc.ioctl(Input, Libc.TIOCGWINSZ, &size) == 0)
        {
            _ = Libc.ioctl((int)Master.DangerousGetHandle(), Libc.TIOCSWINSZ, &size);
        }
    }

    /// <summary>Lets the other side end: from now on reading is an error when nobody has it open.</summary>
    public void Release() => _held.Dispose();

    public void Dispose()
    {
        if (_isRaw)
        {
            termios before = _before;
            _ = Libc.tcsetattr(Input, Libc.TCSADRAIN, &before);
        }

        _held.Dispose();
        Master.Dispose();
    }

    private static SysctrException Failed() =>
        new(
            ErrorKind.Host,
            $"making a terminal for the command: {LinuxException.Last("posix_openpt", "/dev/ptmx").Message}",
            "call it without a terminal ('| cat')"
        );
}
