// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Pull.Sources;

/// <param name="directory">Absolute.</param>
/// <param name="doing">"reading X", for messages.</param>
sealed class LayoutDirectory(string directory, string doing) : ILayoutFiles
{
    public bool Has(string name) => File.Exists(Path.Combine(directory, name));

    public Stream Open(string name, string what)
    {
        string path = Path.Combine(directory, name);

        // Not blocking: a FIFO in a hostile layout would else keep us waiting for ever. A link is followed; what is
        // behind it must have the right digest, and index.json is not shown.
        SafeFileHandle handle = Libc.open(
            path,
            Linux.OpenFlags.ReadOnly | Linux.OpenFlags.CloseOnExec | Linux.OpenFlags.NonBlock,
            0
        );
        if (handle.IsInvalid)
        {
            LinuxException e = LinuxException.Last("open", path);
            handle.Dispose();
            throw new SysctrException(
                e.Errno is Errno.ENOENT or Errno.ENOTDIR ? ErrorKind.NotFound : HostFailure.KindOf(e),
                $"{doing}: {what}: {e.Message}",
                File.Exists(directory) ? "it is a file; for an archive write oci-archive: or docker-archive:"
                    : e.Errno == Errno.ENOENT && !Directory.Exists(directory) ? "the directory does not exist"
                    : null,
                e
            );
        }

        try
        {
            FileStream stream = new(handle, FileAccess.Read, bufferSize: 0, isAsync: false);
            return stream.CanSeek && !Directory.Exists(path)
                ? stream
                : throw new SysctrException(ErrorKind.Unsafe, $"{doing}: {what} is no regular file");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public void Dispose() { }
}
