// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Sources;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>An image as <c>dir:</c> has it; it gets its name when it is whole, in place of an image that is there.</summary>
sealed class DirectoryDestination : IImageDestination
{
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly ImageReference _reference;
    private readonly string _doing;
    private readonly StagedDirectory _staged;

    /// <summary>Looks at what is there, and stages the new one.</summary>
    /// <exception cref="SysctrException">Conflict: something else is there; Usage: the directory that it is to be in is not there; Storage.</exception>
    public DirectoryDestination(ImageReference reference)
    {
        _reference = reference;
        _doing = $"writing {reference}";
        string place = reference.FilePath;
        CheckPlace(place);

        if (!Directory.Exists(Path.GetDirectoryName(place)))
        {
            throw new SysctrException(ErrorKind.Usage, $"{_doing}: there is no directory {Path.GetDirectoryName(place)}");
        }

        try
        {
            _staged = new StagedDirectory(place);
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
            File.Delete(Path.Join(_staged.Path, DirectorySource.ManifestName(root.Digest)));
            DurableFile.Write(Path.Join(_staged.Path, DirectorySource.VersionFile), System.Text.Encoding.ASCII.GetBytes(DirectorySource.Version), ReadableByAll);
            DurableFile.Write(Path.Join(_staged.Path, DirectorySource.Manifest), root.Bytes, ReadableByAll);

            // It is deleted now, and may have become something else while the image was fetched.
            CheckPlace(_reference.FilePath);
            _staged.Commit();
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
        _staged.Dispose();
        return ValueTask.CompletedTask;
    }

    private void CheckPlace(string place)
    {
        PlaceState state;
        try
        {
            state = DirectoryFiles.Look(place);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(_doing, e);
        }

        if (state == PlaceState.Other)
        {
            throw new SysctrException(ErrorKind.Conflict, $"{_doing}: something else is there", "name a directory that is not there, is empty, or has such an image and nothing else");
        }
    }

    private async Task WriteAsync(string name, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellation)
    {
        try
        {
            await BlobFiles.WriteAsync(Path.Join(_staged.Path, name), open, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(_doing, e);
        }
    }
}
