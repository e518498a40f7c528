// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Push.Layers;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>
/// An OCI layout in a directory. A new one gets its name when it is whole; a directory that is there, a layout or
/// empty, stays, and gets blobs first, each by a rename, and last its index.json, in one step, so that whoever reads it
/// meanwhile sees the old images or the new ones. Two copies into one layout take turns at that step, and of two that
/// begin it the second adds to what the first has made.
/// </summary>
sealed class LayoutDestination : IImageDestination
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>How long to wait for another copy at its last step.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly ImageReference _reference;
    private readonly string _doing;
    private readonly StagedDirectory? _staged;
    private readonly string _directory;

    /// <summary>Looks at what is there, and stages a new layout where there is none.</summary>
    /// <param name="reference">Directory, and the name that the image gets.</param>
    /// <exception cref="SysctrException">Conflict: something else is there; Usage: the directory that it is to be in is
    /// not there; Storage.</exception>
    public LayoutDestination(ImageReference reference)
    {
        _reference = reference;
        _doing = $"writing {reference}";
        string place = reference.FilePath;
        try
        {
            PlaceState state = LookAt(place);
            StagedDirectory.RequireParent(_doing, place);
            _staged = state == PlaceState.Missing ? new StagedDirectory(place) : null;
            _directory = _staged?.Path ?? place;
            MarkLayout(_directory);
            string blobs = Directory.CreateDirectory(Path.Join(_directory, "blobs")).FullName;
            Directory.CreateDirectory(Path.Join(blobs, "sha256"));
            foreach (string used in Directory.GetDirectories(blobs).Append(_directory))
            {
                DurableFile.RemoveAbandoned(used);
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
    public Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellation)
    {
        FileInfo file = new(PathOf(blob.Digest));

        // A layout that was cut may have a part of it; what is whole but altered is told by whoever reads it.
        return Task.FromResult(file.Exists && file.LinkTarget is null && file.Length == blob.Size);
    }

    /// <inheritdoc/>
    public async Task PutBlobAsync(
        Descriptor blob,
        Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellation
    )
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(blob.Digest))!);
            await BlobFiles.WriteAsync(PathOf(blob.Digest), open, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StagedDirectory.Fault(_doing, e);
        }
    }

    /// <inheritdoc/>
    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken cancellation) =>
        PutBlobAsync(
            new Descriptor(manifest.MediaType, manifest.Digest, manifest.Bytes.Length),
            _ => Task.FromResult<Stream>(new MemoryStream(manifest.Bytes, writable: false)),
            cancellation
        );

    /// <inheritdoc/>
    public async Task CommitAsync(ManifestDocument root, CancellationToken cancellation)
    {
        try
        {
            string place = _directory;
            if (_staged is not null)
            {
                LayoutIndex index = LayoutIndex.New();
                index.Set(root, _reference.Tag);
                DurableFile.Write(Path.Join(_directory, "index.json"), index.ToBytes(), ReadableByAll);
                if (_staged.TryCommit())
                {
                    return;
                }

                place = _reference.FilePath;
                AddBlobsTo(place);
            }

            DurableFile.SyncFileSystem(place);
            await using FileStream turn = await LockAsync(place, cancellation);
            string file = Path.Join(place, "index.json");
            LayoutIndex there = BoundedFile.Read("/", file, OciLimits.MaxManifestBytes) is { } text
                ? LayoutIndex.Parse(text, _doing)
                : LayoutIndex.New();
            there.Set(root, _reference.Tag);
            DurableFile.Write(file, there.ToBytes(), ReadableByAll);
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

    /// <summary>What stands at a place.</summary>
    private static PlaceState Look(string place)
    {
        if (!Directory.Exists(place))
        {
            return new FileInfo(place) is { Exists: false, LinkTarget: null } ? PlaceState.Missing : PlaceState.Other;
        }

        bool marked = File.Exists(Path.Join(place, "oci-layout"));
        return marked && File.Exists(Path.Join(place, "index.json")) ? PlaceState.Whole
            : Directory
                .EnumerateFileSystemEntries(place)
                .Select(Path.GetFileName)
                .All(n => DurableFile.IsLeftover(n!) || (marked && n is "oci-layout" or "blobs"))
                ? PlaceState.Unfinished
            : PlaceState.Other;
    }

    private PlaceState LookAt(string place) =>
        Look(place) is not PlaceState.Other and { } state
            ? state
            : throw new SysctrException(
                ErrorKind.Conflict,
                $"{_doing}: something else is there",
                "name a directory that is not there, is empty, or is a layout"
            );

    /// <summary>Makes <c>oci-layout</c>, once: it is what copies take turns by.</summary>
    private static void MarkLayout(string layout)
    {
        string marker = Path.Join(layout, "oci-layout");
        if (File.Exists(marker))
        {
            return;
        }

        string staged = DurableFile.Beside(marker);
        try
        {
            DurableFile.Write(staged, LayoutIndex.Marker, ReadableByAll);
            DurableFile.MoveNew(staged, marker);
        }
        finally
        {
            File.Delete(staged);
        }
    }

    /// <summary>Another copy was there first: what it has stays, and gets what this one has.</summary>
    private void AddBlobsTo(string layout)
    {
        LookAt(layout);
        MarkLayout(layout);
        foreach (
            string blob in Directory
                .EnumerateFiles(Path.Join(_directory, "blobs"), "*", SearchOption.AllDirectories)
                .ToArray()
        )
        {
            string target = Path.Join(layout, Path.GetRelativePath(_directory, blob));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            DurableFile.Move(blob, target);
        }
    }

    private string PathOf(Digest digest) => Path.Join(_directory, "blobs", digest.Algorithm, digest.Hex);

    /// <summary>flock(2) on <c>oci-layout</c>, which nobody replaces.</summary>
    private async Task<FileStream> LockAsync(string layout, CancellationToken cancellation)
    {
        for (DateTime end = DateTime.UtcNow + s_patience; ;)
        {
            try
            {
                return new FileStream(
                    Path.Join(layout, "oci-layout"),
                    FileMode.Open,
                    FileAccess.ReadWrite,
                    FileShare.None
                );
            }
            catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                if (DateTime.UtcNow > end)
                {
                    throw new SysctrException(
                        ErrorKind.Locked,
                        $"{_doing}: another copy works on it",
                        "try again when it has ended",
                        e
                    );
                }

                await Task.Delay(50, cancellation);
            }
        }
    }
}
