namespace SystemContainers.Tar;

/// <summary>How much of anything an archive may claim before we call it hostile.</summary>
static class TarLimits
{
    /// <summary>One pax header or GNU long name, in bytes (as Go's archive/tar limits it).</summary>
    public const int MaxHeaderBytes = 1 << 20;

    /// <summary>A path, in bytes (PATH_MAX).</summary>
    public const int MaxNameBytes = 4096;

    /// <summary>Entries in one layer.</summary>
    public const int MaxEntries = 4_000_000;

    /// <summary>A file with holes, unpacked, in bytes: its zeros cost the archive's author nothing.</summary>
    public const long MaxSparseBytes = 64L << 30;
}
