// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;

namespace SystemContainers.State;

/// <summary>A file that a deployment has on the host. Its content is kept below <c>host/</c> of the
/// deployment.</summary>
/// <param name="Path">Absolute, as the host sees it.</param>
/// <param name="Sha256">Digest of its content when we wrote it; of the target's text for a symbolic link.</param>
sealed record InstalledFile(
    [property: JsonRequired] string Path,
    [property: JsonRequired, JsonConverter(typeof(DigestConverter))] Digest Sha256
)
{
    /// <summary>What we write for people to read.</summary>
    public const int TextMode = 0b110_100_100; // rw-r--r--

    /// <summary>Permission bits, 0 to 07777.</summary>
    public int Mode { get; init; } = TextMode;

    /// <summary>Owner.</summary>
    public uint Uid { get; init; }

    /// <summary>Group.</summary>
    public uint Gid { get; init; }

    /// <summary>Extended attributes.</summary>
    public IReadOnlyList<InstalledXattr> Xattrs
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The path of a file of the same deployment that it is a hard link to; null for none.</summary>
    public string? LinkOf { get; init; }

    /// <summary>What the file gets beside its content.</summary>
    /// <param name="seconds">Of its modification, which is not kept; since 1970.</param>
    /// <param name="nanoseconds">The rest of it.</param>
    public FileMetadata Metadata(long seconds, int nanoseconds = 0) =>
        new(Mode, Uid, Gid, seconds, nanoseconds, [.. Xattrs.Select(x => x.ToFile())]);

    /// <summary>Whether <paramref name="other"/> has the same content, owner, mode and attributes.</summary>
    public bool IsSameAs(InstalledFile other) =>
        this with { Xattrs = other.Xattrs } == other && Xattrs.SequenceEqual(other.Xattrs);
}

/// <summary>An extended attribute.</summary>
/// <param name="Name">Such as <c>security.capability</c>.</param>
/// <param name="Value">In Base64, for it may hold any bytes.</param>
sealed record InstalledXattr(string Name, string Value)
{
    public static InstalledXattr Of(FileXattr xattr) =>
        new(System.Text.Encoding.UTF8.GetString(xattr.Name), Convert.ToBase64String(xattr.Value));

    public FileXattr ToFile() => new(System.Text.Encoding.UTF8.GetBytes(Name), Convert.FromBase64String(Value));
}

/// <summary>A directory that was not there before; it goes with the container when nobody else has put something into
/// it.</summary>
/// <param name="Path">Absolute, as the host sees it.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
sealed record InstalledDirectory(string Path, int Mode, uint Uid, uint Gid);
