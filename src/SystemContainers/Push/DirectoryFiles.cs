// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Files;
using SystemContainers.Pull.Sources;

namespace SystemContainers.Push;

/// <summary>Tells a directory that <c>dir:</c> made from all others (containers-transports(5)): one that is replaced is
/// deleted.</summary>
static partial class DirectoryFiles
{
    private const string VersionStart = "Directory Transport Version: 1.";

    /// <summary>Looks at a place. That it is one of ours takes the version's own words, and that there is nothing in it
    /// but what the transport writes. While another copy writes into it, it is unfinished.</summary>
    /// <param name="place">Absolute.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static PlaceState Look(string place)
    {
        if (!Directory.Exists(place))
        {
            return new FileInfo(place) is { Exists: false, LinkTarget: null } ? PlaceState.Missing : PlaceState.Other;
        }

        bool empty = true;
        bool busy = false;
        foreach (FileSystemInfo entry in new DirectoryInfo(place).EnumerateFileSystemInfos())
        {
            if (DurableFile.IsLeftover(entry.Name))
            {
                busy |= !DurableFile.IsAbandoned(entry.Name);
                continue;
            }

            empty = false;
            if (entry is not FileInfo || entry.LinkTarget is not null || !IsOwn(entry.Name))
            {
                return PlaceState.Other;
            }
        }

        return empty ? PlaceState.Unfinished
            : !HasVersion(Path.Join(place, DirectorySource.VersionFile)) ? PlaceState.Other
            : File.Exists(Path.Join(place, DirectorySource.Manifest)) && !busy ? PlaceState.Whole
            : PlaceState.Unfinished;
    }

    private static bool IsOwn(string name) =>
        name is DirectorySource.VersionFile or DirectorySource.Manifest || OwnName().IsMatch(name);

    private static bool HasVersion(string file)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        using SafeFileHandle? handle = RegularFile.Open(file);
        byte[] start = new byte[VersionStart.Length];
        return handle is not null
            && RandomAccess.Read(handle, start, 0) == start.Length
            && start.AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(VersionStart));
    }

    /// <summary>Blobs, manifests of an index, and signatures of either.</summary>
    [GeneratedRegex(
        @"\A(?:signature-[0-9]+|(?:[a-z0-9]+-)?[0-9a-f]{64,128}(?:\.manifest\.json|-signature-[0-9]+)?)\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex OwnName();
}
