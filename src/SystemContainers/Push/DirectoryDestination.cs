// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Sources;
using SystemContainers.Push.Layers;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>
/// An image as <c>dir:</c> has it. It gets its name when it is whole, in place of an image that is there. A directory that is there and empty stays what it is, with its owner and mode and
/// whatever is mounted there: blobs come first, and <c>manifest.json</c> last.
/// </summary>
sealed class DirectoryDestination : IImageDestination
{
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly ImageReference _reference;
    private readonly string _doing;
    private readonly StagedDirectory? _staged;
    private readonly string _directory;

    /// <summary>Looks at what is there, and stages the new one.</summary>
    /// <exception cref="SysctrException">Conflict: something else is there; Usage: the directory that it is to be in is not there; Storage.</exception>
    public DirectoryDestination(ImageReference reference)
    {
        _reference = reference;
        _doing = $"writing {reference}";
        string place = reference.FilePath;
        try
        {
            PlaceState state = LookAt(place);
            StagedDirectory.RequireParent(_doing, place);
            _staged = state == PlaceState.Unfinished ? null : new StagedDirectory(place);
            _directory = _staged?.Path ?? place;
            if (_staged is null)
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
    public Task PutBlobAsync(Descriptor blob, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellation) =>
        WriteAsync(DirectorySource.BlobName(blob.Digest), open, cancellation);

    /// <inheritdoc/>
    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken cancellation) =>
        WriteAsync(DirectorySource.ManifestName(manifest.Digest), _ => Task.FromResult<Stream>(new MemoryStream(manifest.Bytes, writable: false)), cancellation);

    /// <inheritdoc/>
    public Task CommitAsync(ManifestDocument root, CancellationToken cancellation)
    {
        try
        {
            File.Delete(Path.Join(_directory, DirectorySource.ManifestName(root.Digest)));
            if (_staged is null)
            {
                LookAt(_directory);
                DurableFile.SyncFileSystem(_directory);
                DurableFile.Write(Path.Join(_directory, DirectorySource.Manifest), root.Bytes, ReadableByAll);
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
                throw new SysctrException(ErrorKind.Conflict, $"{_doing}: it changed meanwhile", "another copy may be at work there; try again when it has ended");
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
        return ValueTask.CompletedTask;
    }

    private void WriteVersion() =>
        DurableFile.Write(Path.Join(_directory, DirectorySource.VersionFile), System.Text.Encoding.ASCII.GetBytes(DirectorySource.Version), ReadableByAll);

    private PlaceState LookAt(string place) => DirectoryFiles.Look(place) is not PlaceState.Other and { } state
        ? state
        : throw new SysctrException(ErrorKind.Conflict, $"{_doing}: something else is there", "name a directory that is not there, is empty, or has such an image and nothing else");

    private async Task WriteAsync(string name, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellation)
    {
        try
        {
            await BlobFiles.WriteAsync(Path.Join(_directory, name), open, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(_doing, e);
        }
    }
}
