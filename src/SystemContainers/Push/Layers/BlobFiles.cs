// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;

namespace SystemContainers.Push.Layers;

static class BlobFiles
{
    /// <summary>Writes a blob beside its place and gives it its name once it was verified to its end. Not synced: that
    /// is done once for all.</summary>
    /// <param name="path">Absolute.</param>
    public static async Task WriteAsync(
        string path,
        Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellation
    )
    {
        string staged = DurableFile.Beside(path);
        try
        {
            await using (Stream source = await open(cancellation))
            {
                FaultPoint.Pass("openat");
#pragma warning disable RS0030 // Whoever names it makes it durable, with everything else.
                await using FileStream file = new(
                    staged,
                    FileMode.CreateNew,
                    FileAccess.Write,
                    FileShare.None,
                    bufferSize: 0
                );
#pragma warning restore RS0030
                await source.CopyToAsync(file, 128 << 10, cancellation);
            }

            FaultPoint.Pass("rename");
            if (Libc.rename(staged, path) != 0)
            {
                throw LinuxException.Last("rename", path);
            }
        }
        catch
        {
            File.Delete(staged);
            throw;
        }
    }

    /// <summary>A file without a name, gone with the process.</summary>
    /// <param name="directory">On whose file system it is.</param>
    /// <exception cref="LinuxException">It can't be made.</exception>
    public static FileStream Unnamed(string directory)
    {
        SafeFileHandle file = Libc.open(
            directory,
            OpenFlags.TemporaryFile | OpenFlags.ReadWrite | OpenFlags.CloseOnExec,
            0x180
        );
        if (file.IsInvalid)
        {
            LinuxException e = LinuxException.Last("open", directory);
            file.Dispose();
            throw e;
        }

        return new FileStream(file, FileAccess.ReadWrite, bufferSize: 0);
    }
}
