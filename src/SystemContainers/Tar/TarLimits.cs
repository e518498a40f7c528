namespace SystemContainers.Tar;

/// <summary>How much of anything an archive may claim before we call it hostile.</summary>
static class TarLimits
{
    /// <summary>One pax header or GNU long name, in bytes (as Go's archive/tar limits it).</summary>
    public const int MaxHeaderBytes = 1 << 20;

    /// <summary>All global pax headers of an archive together, in bytes: they are kept to its end.</summary>
    public const int MaxGlobalBytes = 16 << 20;

    /// <summary>A path or a link's target, in bytes (PATH_MAX less the final zero).</summary>
    public const int MaxNameBytes = 4095;

    /// <summary>One name between two slashes, in bytes (NAME_MAX).</summary>
    public const int MaxComponentBytes = 255;

    /// <summary>Entries in one layer.</summary>
    public const int MaxEntries = 4_000_000;

    /// <summary>Names, targets and attributes of all entries together, in bytes: repeated ones pack a thousand to one, and a layer's index holds them all.</summary>
    public const long MaxMetadataBytes = 1L << 30;

    /// <summary>A file with holes, unpacked, in bytes: its zeros cost the archive's author nothing.</summary>
    public const long MaxSparseBytes = 64L << 30;
}
