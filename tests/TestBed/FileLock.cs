// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>flock(2) on a file of its own, so that two test processes, or two work trees, wait for each
/// other.</summary>
public sealed class FileLock : IDisposable
{
    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Waits for the lock; the file stays behind, empty.</summary>
    public static async Task<FileLock> TakeAsync(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                // FileShare.None is LOCK_EX | LOCK_NB; the kernel drops it when the process ends, however it ends.
                return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(200);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
