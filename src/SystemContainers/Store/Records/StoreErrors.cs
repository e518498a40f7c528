// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Users;

namespace SystemContainers.Store.Records;

/// <summary>What a failed call on the store's files means to a user.</summary>
static class StoreErrors
{
    /// <summary>Does it; whatever the file system says is told as an error of the store.</summary>
    /// <param name="doing">"adding layer X".</param>
    /// <param name="action">What to do.</param>
    /// <exception cref="SysctrException">Storage, Host, Permission or Failed.</exception>
    public static void Wrap(string doing, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Of(doing, e);
        }
    }

    /// <summary>The error for what the framework or a system call threw.</summary>
    public static SysctrException Of(string doing, Exception e)
    {
        // What the framework throws for a failed call has the errno as its HResult.
        int errno = (e as LinuxException)?.Errno ?? (e is IOException ? e.HResult : Errno.EACCES);
        (ErrorKind kind, string? hint) = errno switch
        {
            Errno.ENOSPC or Errno.EDQUOT => (ErrorKind.Storage, "free some space and try again"),
            Errno.EIO or Errno.EROFS => (ErrorKind.Storage, "look at the disk and its file system (dmesg)"),
            Errno.EOPNOTSUPP => (
                ErrorKind.Host,
                "keep the store on a file system with extended attributes, such as ext4, xfs or btrfs"
            ),
            Errno.EINVAL
                when HostUser.IsInNamespace
                    && (e as LinuxException)?.Message.Contains("chown", StringComparison.Ordinal) == true => (
                ErrorKind.Host,
                "the image has files of users beyond the ranges of /etc/subuid and /etc/subgid: as root, give more with 'usermod --add-subuids'"
            ),
            Errno.EPERM or Errno.EACCES when HostUser.IsInNamespace => (
                ErrorKind.Permission,
                "what is there has to be the user's own"
            ),
            Errno.EPERM or Errno.EACCES => (
                ErrorKind.Permission,
                "run it as root, with the capabilities to make devices and change owners"
            ),
            _ => (ErrorKind.Failed, (string?)null),
        };
        return new SysctrException(kind, $"{doing}: {e.Message}", hint, e);
    }
}
