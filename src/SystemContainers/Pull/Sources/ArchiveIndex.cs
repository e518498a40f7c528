// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Tar;

namespace SystemContainers.Pull.Sources;

/// <summary>
/// Which files an archive of images has, and where: one look at the headers, no content. Names are looked up in here
/// and nowhere else; nothing that an archive says becomes a path on disk.
/// </summary>
sealed class ArchiveIndex
{
    /// <summary><c>docker save</c> makes one link for a layer that another image has; a chain of them is not
    /// sensible.</summary>
    private const int MaxLinks = 8;

    private readonly Dictionary<string, ArchiveMember> _members = new(StringComparer.Ordinal);
    private readonly string _doing;

    private ArchiveIndex(string doing) => _doing = doing;

    /// <summary>Looks through an archive.</summary>
    /// <param name="archive">Plain tar; what can be sought over is not read.</param>
    /// <param name="doing">"reading X", for messages.</param>
    /// <param name="cancellation">Honoured between files.</param>
    /// <exception cref="SysctrException">Corrupt: it is no tar, or cut; Unsafe: it exceeds a limit, or has a name
    /// twice.</exception>
    public static ArchiveIndex Read(Stream archive, string doing, CancellationToken cancellation)
    {
        ArchiveIndex index = new(doing);
        TarReader reader = new(archive);
        long names = 0;
        try
        {
            while (reader.ReadNext() is { } entry)
            {
                cancellation.ThrowIfCancellationRequested();
                names += entry.Name.Length + entry.LinkName.Length;
                index.Add(entry, reader.ContentPosition);
                if (index._members.Count > OciLimits.MaxArchiveFiles || names > OciLimits.MaxArchiveNames)
                {
                    throw new SysctrException(
                        ErrorKind.Unsafe,
                        $"it has more files than any images could have ({OciLimits.MaxArchiveFiles})"
                    );
                }
            }
        }
        catch (SysctrException e) when (!e.Message.StartsWith(doing, StringComparison.Ordinal))
        {
            throw new SysctrException(e.Kind, $"{doing}: {e.Message}", e.Hint, e);
        }

        return index;
    }

    /// <summary>Whether there is a file or link of that name.</summary>
    public bool Has(string name) => _members.ContainsKey(name);

    /// <summary>The file of a name, links followed.</summary>
    /// <exception cref="SysctrException">Corrupt: there is none; Unsafe: the name or a link leads out of the archive or
    /// round in circles.</exception>
    public ArchiveMember Get(string name)
    {
        string path = Clean("", name);
        for (int links = 0; links <= MaxLinks; links++)
        {
            if (!_members.TryGetValue(path, out ArchiveMember? member))
            {
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"{_doing}: it has no {Redact.Text(path)}, which its own list names",
                    "it was cut, or built broken; save the image again"
                );
            }

            if (member.Target is null)
            {
                return member.Start is not null
                    ? member
                    : throw new SysctrException(ErrorKind.Unsafe, $"{_doing}: {Redact.Text(path)} is no plain file");
            }

            path = member.Target;
        }

        throw new SysctrException(ErrorKind.Unsafe, $"{_doing}: the links at {Redact.Text(name)} have no end");
    }

    private void Add(TarEntry entry, long? start)
    {
        if (entry.Type == TarEntryType.Directory)
        {
            return;
        }

        string name = Clean("", Encoding.UTF8.GetString(entry.Name));
        ArchiveMember member = entry.Type switch
        {
            TarEntryType.Regular => new ArchiveMember(start, entry.Size, null),
            TarEntryType.Symlink => new ArchiveMember(
                null,
                0,
                Clean(Parent(name), Encoding.UTF8.GetString(entry.LinkName))
            ),
            TarEntryType.HardLink => new ArchiveMember(null, 0, Clean("", Encoding.UTF8.GetString(entry.LinkName))),
            _ => new ArchiveMember(null, 0, null),
        };

        // Attack: of two files of one name, one reader takes the first and another the last; what was looked at is then
        // not what runs.
        if (!_members.TryAdd(name, member))
        {
            throw new SysctrException(ErrorKind.Unsafe, $"it has {Redact.Text(name)} twice");
        }
    }

    /// <summary>A path within the archive, without <c>.</c> and empty parts; <c>..</c> goes up, but never
    /// out.</summary>
    private string Clean(string directory, string path)
    {
        List<string> parts = [.. directory.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        foreach (string part in path.Split('/'))
        {
            switch (part)
            {
                case "" or ".":
                    break;
                case ".." when parts.Count == 0:
                    throw new SysctrException(
                        ErrorKind.Unsafe,
                        $"{_doing}: {Redact.Text(path)} leads out of the archive"
                    );
                case "..":
                    parts.RemoveAt(parts.Count - 1);
                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        // Absolute links would lead into the host where the archive was unpacked.
        return path.StartsWith('/')
            ? throw new SysctrException(ErrorKind.Unsafe, $"{_doing}: {Redact.Text(path)} leads out of the archive")
            : string.Join('/', parts);
    }

    private static string Parent(string name) => name[..Math.Max(name.LastIndexOf('/'), 0)];
}
