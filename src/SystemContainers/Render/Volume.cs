using SystemContainers.Oci;

namespace SystemContainers.Render;

/// <summary>A directory that an image declares as a volume, kept on the host.</summary>
/// <param name="Destination">Absolute in the container.</param>
/// <param name="Source">Absolute on the host.</param>
/// <param name="Seed">What the image has there: owner and mode of the new directory; null for nothing.</param>
/// <param name="HasContent">The image has files there, which a new volume begins with.</param>
sealed record Volume(string Destination, string Source, ImageFile? Seed, bool HasContent)
{
    /// <summary>The volumes of an image, parents before what is in them; each lies below <paramref name="stateDirectory"/>.</summary>
    /// <exception cref="Errors.SysctrException">Unsafe: a path that leads upwards, is the root, or is no text of one line.</exception>
    public static IReadOnlyList<Volume> Of(ImageRunConfig? run, string stateDirectory, IImageFiles files)
    {
        List<Volume> volumes = [];
        foreach (string path in (run?.Volumes?.Keys ?? []).Select(Checked).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            ImageFile? seed = files.Find(path) is { Kind: ImageFileKind.Directory } directory ? directory : null;
            volumes.Add(new Volume(path, stateDirectory + path, seed, seed is not null && files.List(path).Count > 0));
        }

        return volumes;
    }

    private static string Checked(string path)
    {
        string absolute = HostPath.Absolute(path);
        return absolute == "/" || HostPath.LeadsUpwards(absolute) || absolute.Any(char.IsControl)
            ? throw new Errors.SysctrException(
                Errors.ErrorKind.Unsafe, $"reading the image's volumes: '{path.ReplaceLineEndings(" ")}' is no directory that could be one")
            : absolute;
    }
}
