// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Templates;

namespace SystemContainers.Bundle;

/// <summary>A directory that an image declares as a volume, kept on the host.</summary>
/// <param name="Destination">Absolute in the container.</param>
/// <param name="Source">Absolute on the host.</param>
/// <param name="Seed">What the image has there, links resolved: owner and mode of the new directory; null for
/// nothing.</param>
/// <param name="HasContent">The image has files there, which a new volume begins with.</param>
sealed record Volume(string Destination, string Source, ImageFile? Seed, bool HasContent)
{
    // A container owns what is in its volumes: a volume kept inside another one's directory could be replaced by a link
    // to anywhere.
    private const string Nested = "/.nested";

    /// <summary>The volumes of an image, parents before what is in them; each is kept below
    /// <paramref name="stateDirectory"/>.</summary>
    /// <exception cref="Errors.SysctrException">Unsafe: a path that leads upwards, is the root, or is no text of one
    /// line.</exception>
    public static IReadOnlyList<Volume> Of(ImageRunConfig? run, string stateDirectory, IImageFiles files)
    {
        List<Volume> volumes = [];
        foreach (
            string path in (run?.Volumes?.Keys ?? [])
                .Select(Checked)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
        )
        {
            bool isNested = volumes.Exists(v => HostPath.IsBelow(path, v.Destination));
            string source = stateDirectory + (isNested ? $"{Nested}/{Flat(path)}" : path);
            volumes.Add(Seeded(path, source, files));
        }

        return volumes;
    }

    /// <param name="name">A file name.</param>
    /// <param name="destination">Absolute in the container.</param>
    /// <param name="files">The image's, which it begins with.</param>
    public static Volume Named(string directory, string name, string destination, IImageFiles files) =>
        Seeded(destination, $"{directory}/{name}", files);

    private static Volume Seeded(string destination, string source, IImageFiles files)
    {
        ImageFile? seed = files.Find(destination) is { Kind: ImageFileKind.Directory } directory ? directory : null;
        return new Volume(destination, source, seed, seed is not null && files.List(destination).Count > 0);
    }

    /// <summary>A path as one file name, distinct from every other's.</summary>
    private static string Flat(string path) =>
        path[1..].Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal);

    private static string Checked(string path)
    {
        string absolute = HostPath.Absolute(path);
        bool isUsable =
            absolute is not ("/" or Nested)
            && !HostPath.IsBelow(absolute, Nested)
            && !HostPath.LeadsUpwards(absolute)
            && !absolute.Any(char.IsControl);
        return isUsable
            ? absolute
            : throw new Errors.SysctrException(
                Errors.ErrorKind.Unsafe,
                $"reading the image's volumes: '{path.ReplaceLineEndings(" ")}' is no directory that could be one"
            );
    }
}
