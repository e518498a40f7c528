// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;
using SystemContainers.Reference;
using SystemContainers.Target;

namespace SystemContainers.Verbs.Transfer;

/// <summary>All images of an archive into the store, by the names that they have there. Whoever made the archive chose
/// them.</summary>
sealed class LoadOperation(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>Loads an archive that <see cref="SaveOperation"/>, skopeo, podman or docker wrote. Each image is
    /// verified as in a pull.</summary>
    /// <param name="file">A file that can be read twice, or a compressed one.</param>
    /// <param name="cancellation">Ends it; images that were loaded stay.</param>
    /// <exception cref="SysctrException">NotFound: there is no such file; Corrupt, Unsafe, Policy: as a
    /// pull.</exception>
    public async Task<IReadOnlyList<StoredImage>> LoadAsync(string file, CancellationToken cancellation)
    {
        string path = Path.GetFullPath(file);
        if (!File.Exists(path))
        {
            throw new SysctrException(ErrorKind.NotFound, $"loading {path}: there is no such file");
        }

        ImageOperations images = new(host, progress, note);
        List<StoredImage> loaded = [];
        foreach (ArchivedImage image in await ArchiveContents.ListAsync(path, host.PullOptions(), cancellation))
        {
            if (image.Reference is null)
            {
                note(
                    $"{path}: an image in it has no name, and is passed over among the others; saved by a name, or alone, it can be loaded"
                );
                continue;
            }

            string? name = NameOf(image);
            if (name is null)
            {
                note($"{image.Reference}: it has no name of a registry there, and is kept by this one");
            }

            loaded.AddRange(await images.PullAsync(image.Reference.ToString(), name, keepNames: false, cancellation));
        }

        return loaded.Count > 0
            ? loaded
            : throw new SysctrException(ErrorKind.NotFound, $"loading {path}: it has no image that can be loaded");
    }

    /// <summary>A name with a registry; another one, such as a tag alone, would mean something else on each
    /// host.</summary>
    private static string? NameOf(ArchivedImage image)
    {
        try
        {
            return image.Names.FirstOrDefault(n =>
                n.Split('/') is [{ } first, _, ..]
                && ImageReference.IsHost(first)
                && ImageReference.Parse("docker://" + n).Digest is null
            );
        }
        catch (SysctrException)
        {
            return null;
        }
    }
}
