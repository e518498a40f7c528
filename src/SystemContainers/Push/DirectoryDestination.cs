// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Sources;
using SystemContainers.Push.Layers;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>
/// An image as <c>dir:</c> has it. It gets its name when it is whole, in place of an image that is there. A directory
/// that is there and empty stays what it is, with its owner and mode and whatever is mounted there: blobs come first,
/// and <c>manifest.json</c> last. One that is a mount and has an image can't be exchanged for another: the new blobs
/// come beside the old, and these go when <c>manifest.json</c> is the new one.
/// </summary>
sealed class DirectoryDestination : IImageDestination
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly ImageReference _reference;
    private readonly string _doing;
    private readonly StagedDirectory? _staged;
    private readonly string _directory;

    /// <summary>What was put into a directory with an image that is a mount; null for any other.</summary>
    private readonly ConcurrentDictionary<string, bool>? _put;
    private readonly HashSet<string> _before = [];
    private bool _committed;

    /// <summary>Looks at what is there, and stages the new one.</summary>
    /// <exception cref="SysctrException">Conflict: something else is there; Usage: the directory that it is to be in is
    /// not there; Storage.</exception>
    public DirectoryDestination(ImageReference reference)
    {
        _reference = reference;
        _doing = $"writing {reference}";
        string place = reference.FilePath;
        try
        {
            PlaceState state = LookAt(place);
            StagedDirectory.RequireParent(_doing, place);
            if (state == PlaceState.Whole && MountTable.MountPoints().Contains(RealPath.Of(place)))
            {
                DurableFile.RemoveAbandoned(place);
                _put = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
                _before = [.. Directory.EnumerateFiles(place).Select(f => Path.GetFileName(f))];
            }

            _staged = state == PlaceState.Unfinished || _put is not null ? null : new StagedDirectory(place);
            _directory = _staged?.Path ?? place;
            if (_staged is null && _put is null)
            {
                // First what tells the next copy that this one was here, should it not end.
                DurableFile.RemoveAbandoned(place);
                WriteVersion();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(_doing, e);
        }
    }

    /// <inheritdoc/>
    public int ParallelBlobs => 3;

    /// <inheritdoc/>
    public bool KeepsManifests => true;

    /// <inheritdoc/>
    public Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellation) => Task.FromResult(false);

    /// <inheritdoc/>
    public Task PutBlobAsync(
        Descriptor blob,
        Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellation
    ) => WriteAsync(DirectorySource.BlobName(blob.Digest), open, cancellation);

    /// <inheritdoc/>
    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken cancellation) =>
        WriteAsync(
            DirectorySource.ManifestName(manifest.Digest),
            _ => Task.FromResult<Stream>(new MemoryStream(manifest.Bytes, writable: false)),
            cancellation
        );

    /// <inheritdoc/>
    public Task CommitAsync(ManifestDocument root, CancellationToken cancellation)
    {
        try
        {
            if (_put is null)
            {
                File.Delete(Path.Join(_directory, DirectorySource.ManifestName(root.Digest)));
            }
            else
            {
                // The image that is there may name it; it goes with all that the new one does not name.
                _put.TryRemove(DirectorySource.ManifestName(root.Digest), out _);
            }

            if (_staged is null)
            {
                LookAt(_directory);
                DurableFile.SyncFileSystem(_directory);
                DurableFile.Write(Path.Join(_directory, DirectorySource.Manifest), root.Bytes, ReadableByAll);
                _committed = true;
                RemoveAll(f => _before.Contains(f) || f == DirectorySource.ManifestName(root.Digest));
                return Task.CompletedTask;
            }

            WriteVersion();
            DurableFile.Write(Path.Join(_directory, DirectorySource.Manifest), root.Bytes, ReadableByAll);
            if (LookAt(_reference.FilePath) == PlaceState.Missing && _staged.TryCommit())
            {
                return Task.CompletedTask;
            }

            // What is there is deleted now, and may have become something else while the image was fetched.
            if (LookAt(_reference.FilePath) != PlaceState.Whole)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"{_doing}: it changed meanwhile",
                    "another copy may be at work there; try again when it has ended"
                );
            }

            _staged.Replace();
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(_doing, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _staged?.Dispose();
        if (!_committed)
        {
            RemoveAll(f => !_before.Contains(f) && _put!.ContainsKey(f));
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Of a mount with an image: removes what the image that counts does not name.</summary>
    private void RemoveAll(Func<string, bool> which)
    {
        if (_put is null)
        {
            return;
        }

        foreach (
            string file in Directory.EnumerateFiles(_directory).Select(f => Path.GetFileName(f)).Where(which).ToArray()
        )
        {
            if (
                file is not (DirectorySource.Manifest or DirectorySource.VersionFile)
                && (!_committed || !_put.ContainsKey(file))
            )
            {
                FaultPoint.Pass("unlink");
                File.Delete(Path.Join(_directory, file));
            }
        }
    }

    private void WriteVersion() =>
        DurableFile.Write(
            Path.Join(_directory, DirectorySource.VersionFile),
            System.Text.Encoding.ASCII.GetBytes(DirectorySource.Version),
            ReadableByAll
        );

    private PlaceState LookAt(string place) =>
        DirectoryFiles.Look(place) is not PlaceState.Other and { } state
            ? state
            : throw new SysctrException(
                ErrorKind.Conflict,
                $"{_doing}: something else is there",
                "name a directory that is not there, is empty, or has such an image and nothing else"
            );

    private async Task WriteAsync(
        string name,
        Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellation
    )
    {
        try
        {
            _put?.TryAdd(name, true);
            await BlobFiles.WriteAsync(Path.Join(_directory, name), open, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(_doing, e);
        }
    }
}
