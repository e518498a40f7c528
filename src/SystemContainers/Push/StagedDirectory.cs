// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;

namespace SystemContainers.Push;

/// <summary>A directory that is put together beside its place and gets its name when it is whole; a killed process
/// leaves one that the next call here removes.</summary>
sealed class StagedDirectory : IDisposable
{
    private readonly string _place;
    private bool _done;

    /// <summary>Makes it.</summary>
    /// <param name="place">Absolute; the directory that it is to be in exists.</param>
    public StagedDirectory(string place)
    {
        _place = place;
        RemoveAbandoned(place);
        Path = DurableFile.Beside(place);
        FaultPoint.Pass("mkdir");
        Directory.CreateDirectory(Path);
    }

    /// <summary>Where it is until then.</summary>
    public string Path { get; }

    /// <summary>Makes it durable and gives it its name, where nothing has it.</summary>
    /// <returns>Whether it has it; false: something came to be there meanwhile.</returns>
    public bool TryCommit()
    {
        DurableFile.SyncFileSystem(Path);
        return _done = DurableFile.MoveNew(Path, _place);
    }

    /// <summary>Makes it durable and gives it its name, in place of the directory that has it, which is
    /// removed.</summary>
    public void Replace()
    {
        DurableFile.SyncFileSystem(Path);
        DurableFile.Exchange(Path, _place);
        _done = true;
        TreeRemoval.Remove(Path);
    }

    public void Dispose()
    {
        if (!_done && Directory.Exists(Path))
        {
            TreeRemoval.Remove(Path);
        }
    }

    /// <summary>Removes what killed processes have left beside a place, of that place alone: the directory is not
    /// ours.</summary>
    public static void RemoveAbandoned(string place)
    {
        foreach (
            string entry in Directory.EnumerateFileSystemEntries(
                System.IO.Path.GetDirectoryName(place)!,
                $".{System.IO.Path.GetFileName(place)}.sysctr-*"
            )
        )
        {
            if (DurableFile.IsAbandoned(System.IO.Path.GetFileName(entry)))
            {
                TreeRemoval.Remove(entry);
            }
        }
    }

    /// <summary>Where the directory that something is to be in is not there, nothing is begun.</summary>
    /// <exception cref="SysctrException">Usage: it is not there.</exception>
    public static void RequireParent(string doing, string place)
    {
        string directory = System.IO.Path.GetDirectoryName(place)!;
        if (!Directory.Exists(directory))
        {
            throw new SysctrException(ErrorKind.Usage, $"{doing}: there is no directory {directory}");
        }
    }

    /// <summary>What a step that writes fails with, as our error.</summary>
    public static SysctrException Fault(string doing, Exception e) =>
        new(
            HostFailure.KindOf(e),
            $"{doing}: {e.Message}",
            "check the space there, and the permissions; nothing of the image is there",
            e
        );
}
