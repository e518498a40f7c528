// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Linux;

/// <summary>The last translation before a person reads it: what the kernel said of the host becomes one of our
/// errors.</summary>
static class HostFailure
{
    /// <returns>One of our own as it is; null for what can only be a defect, which may crash with its stack
    /// trace.</returns>
    public static SysctrException? Understand(Exception failure) =>
        failure switch
        {
            SysctrException understood => understood,
            _ when IsFull(failure) => new SysctrException(
                ErrorKind.Storage,
                failure.Message,
                "free some space and try again",
                failure
            ),
            LinuxException { Errno: Errno.EPERM or Errno.EACCES } => new SysctrException(
                ErrorKind.Permission,
                failure.Message,
                inner: failure
            ),
            UnauthorizedAccessException => new SysctrException(ErrorKind.Permission, failure.Message, inner: failure),
            IOException => new SysctrException(ErrorKind.Storage, failure.Message, inner: failure),
            _ => null,
        };

    /// <summary>What kind it is that something of the host could not be read or written: its permissions forbid it, or
    /// its disk can't do it.</summary>
    public static ErrorKind KindOf(Exception failure) => Understand(failure)?.Kind ?? ErrorKind.Failed;

    /// <summary>Whether a disk or a quota has no room left.</summary>
    public static bool IsFull(Exception failure) =>
        failure
            is LinuxException { Errno: Errno.ENOSPC or Errno.EDQUOT }
                or IOException { HResult: Errno.ENOSPC or Errno.EDQUOT };

    /// <summary>Whether a file system can't be written, by a mount option or since it has failed.</summary>
    public static bool IsReadOnly(Exception failure) =>
        failure is LinuxException { Errno: Errno.EROFS } or IOException { HResult: Errno.EROFS };
}
