namespace SystemContainers.TestBed;

/// <summary>Where things lie in this checkout.</summary>
public static class Workspace
{
    /// <summary>The directory of SystemContainers.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>What is made for tests and worth keeping; several work trees may share one.</summary>
    public static string CacheRoot { get; } =
        Environment.GetEnvironmentVariable("SYSCTR_CACHE") is { Length: > 0 } given
            ? Path.GetFullPath(given)
            : Path.Combine(Root, ".cache");

    /// <summary>What hosts need on disk while they run. In a tmpfs they start in half the time, where there is memory for them.</summary>
    public static string ScratchRoot { get; } =
        Environment.GetEnvironmentVariable("SYSCTR_SCRATCH") is { Length: > 0 } given
            ? Path.GetFullPath(given)
            : Path.Combine(CacheRoot, "tmp");

    /// <summary>The published binaries (<c>make build</c>).</summary>
    public static string Artifacts { get; } = Path.Combine(Root, "artifacts");

    /// <summary>The sources of the test images.</summary>
    public static string Images { get; } = Path.Combine(Root, "tests/images");

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "SystemContainers.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException(
            $"{AppContext.BaseDirectory} does not lie in a checkout: no SystemContainers.sln above it");
    }
}
