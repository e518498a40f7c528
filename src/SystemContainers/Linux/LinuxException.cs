// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Linux;

/// <summary>A system call failed: which, on what, and the kernel's reason. An IOException, for that is what callers
/// catch.</summary>
sealed class LinuxException : IOException
{
    public LinuxException(string call, string subject, int errno)
        : base($"{call} {Short(subject)}: {Marshal.GetPInvokeErrorMessage(errno)}")
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>A path may be 4096 bytes long, and a hostile one is: its ends say what it is.</summary>
    private static string Short(string subject) =>
        subject.Length <= MaxSubject ? subject : $"{subject[..(MaxSubject / 2)]}…{subject[^(MaxSubject / 2)..]}";

    private const int MaxSubject = 400;

    /// <summary>The system call, such as <c>renameat2</c>.</summary>
    public string Call { get; }

    /// <summary>The error number, <see cref="Linux.Errno"/>.</summary>
    public int Errno { get; }

    /// <summary>The exception for the call that just failed on this thread.</summary>
    public static LinuxException Last(string call, string subject) => new(call, subject, Marshal.GetLastPInvokeError());
}
