// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;

namespace SystemContainers.State;

/// <summary>
/// <c>history.jsonl</c>: an entry a line, each appended in one write and synced. A power cut may tear the last line;
/// readers pass over it, and the next entry begins on a line of its own. A full file becomes <c>history.jsonl.1</c> in
/// place of the one before.
/// </summary>
/// <param name="path">Its directory exists when something is appended.</param>
/// <param name="lockFile">Keeps other processes from appending until it is disposed of.</param>
/// <param name="limit">Bytes after which a new file is begun: about ten thousand entries.</param>
sealed class HistoryFile(string path, Func<IDisposable> lockFile, long limit = 4 << 20)
{
    private string Former => path + ".1";

    /// <summary>Adds an entry, durably.</summary>
    /// <exception cref="IOException">It may not be there.</exception>
    public void Append(HistoryEntry entry)
    {
        using IDisposable held = lockFile();
        if (new FileInfo(path) is { Exists: true } file && file.Length >= limit)
        {
            DurableFile.Move(path, Former);
        }

        bool isNew = !File.Exists(path);
        FaultPoint.Pass("open");
        using SafeFileHandle handle = Libc.open(
            path,
            OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Append | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0b110_000_000
        );
        if (handle.IsInvalid)
        {
            throw LinuxException.Last("open", path);
        }

        byte[] line = JsonSerializer.SerializeToUtf8Bytes(entry, StateJson.Line.HistoryEntry);
        long end = RandomAccess.GetLength(handle);

        FaultPoint.Pass("pwrite64");

        // With O_APPEND the kernel writes at the end whatever the offset.
        RandomAccess.Write(handle, (byte[])[.. IsTorn(handle, end) ? "\n"u8 : [], .. line, (byte)'\n'], end);
        FaultPoint.Pass("fsync");
        RandomAccess.FlushToDisk(handle);
        if (isNew)
        {
            DurableFile.SyncDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>All entries that there still are, oldest first.</summary>
    public IReadOnlyList<HistoryEntry> Read()
    {
        if (!File.Exists(path) && !File.Exists(Former))
        {
            return [];
        }

        // No entry moves to the other file between the two reads.
        using IDisposable held = lockFile();
        return
        [
            .. ((string[])[Former, path])
                .SelectMany(f => (RegularFile.FindText(f) ?? "").Split('\n'))
                .Where(l => l.Length > 0)
                .Select(Parse)
                .OfType<HistoryEntry>(),
        ];
    }

    private static bool IsTorn(SafeFileHandle handle, long length)
    {
        Span<byte> last = stackalloc byte[1];
        return length > 0 && RandomAccess.Read(handle, last, length - 1) == 1 && last[0] != '\n';
    }

    /// <returns>Null for a line that a power cut has torn, or that a later version wrote.</returns>
    private static HistoryEntry? Parse(string line)
    {
        try
        {
            return OwnJson.Read(System.Text.Encoding.UTF8.GetBytes(line), StateJson.Line.HistoryEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
