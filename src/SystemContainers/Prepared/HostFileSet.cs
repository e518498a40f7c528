// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.Render.HostFiles;
using SystemContainers.State;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Templates;

namespace SystemContainers.Prepared;

/// <summary>
/// The files of a deployment for the host: units, tmpfiles and what the image has below /exports/hostfs. Checked
/// against what the host has, and kept in the deployment, <c>host/PATH</c>, so that a later switch back finds them as
/// they were.
/// </summary>
sealed class HostFileSet(Host host)
{
    /// <summary>The largest host file that is installed, in bytes: programs such as etcdctl, not data.</summary>
    private const int MaxBytes = 256 << 20;

    private const long Block = 4096;

    private static readonly string[] s_directorySections = ["Service", "Socket"];

    private const int DirectoryMode = 0b111_101_101; // rwxr-xr-x

    /// <summary>What the record says of a text that we write.</summary>
    public static InstalledFile Record(HostText file) =>
        new(file.Path, Digest.Sha256(Encoding.UTF8.GetBytes(file.Text)));

    /// <summary>What the record says of a file of the image.</summary>
    public static InstalledFile Record(HostFile file, IImageFiles image) =>
        new(file.Target, Digest.Sha256(Content(file, image)))
        {
            Mode = file.Mode,
            Uid = file.Uid,
            Gid = file.Gid,
            Xattrs = [.. file.Xattrs.Select(InstalledXattr.Of)],
            LinkOf = file.LinkOf,
        };

    /// <summary>The directories that have to be made for files, parents first; those that were made before count as
    /// missing.</summary>
    /// <param name="files">Absolute paths.</param>
    /// <param name="described">Directories of the image among them, with their modes and owners.</param>
    /// <param name="before">What the deployment that is replaced had made.</param>
    public IReadOnlyList<InstalledDirectory> Directories(
        IEnumerable<string> files,
        IEnumerable<HostFile> described,
        IReadOnlyList<InstalledDirectory> before
    )
    {
        Dictionary<string, HostFile> byPath = described.ToDictionary(d => d.Target, StringComparer.Ordinal);
        HashSet<string> made = before.Select(d => d.Path).ToHashSet(StringComparer.Ordinal);
        SortedDictionary<string, InstalledDirectory> missing = new(StringComparer.Ordinal);
        foreach (string directory in files.SelectMany(Above).Concat(byPath.Keys))
        {
            if (made.Contains(directory) || !Directory.Exists(host.Inside(directory)))
            {
                missing[directory] = byPath.TryGetValue(directory, out HostFile? own)
                    ? new InstalledDirectory(directory, own.Mode, own.Uid, own.Gid)
                    : new InstalledDirectory(directory, DirectoryMode, 0, 0);
            }
        }

        return [.. missing.Values];
    }

    /// <summary>Refuses files that the host has already, from somebody else, and places that can't be written; changes
    /// nothing.</summary>
    /// <param name="files">What is going to be there.</param>
    /// <param name="before">The deployment that is replaced: its files are ours.</param>
    /// <exception cref="SysctrException">Conflict: names the first such file; Host: its file system is
    /// read-only.</exception>
    public void CheckFree(IReadOnlyList<InstalledFile> files, ContainerRecord? before)
    {
        HashSet<string> ours = (before?.AllFiles ?? []).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        foreach (string path in files.Select(f => f.Path).Where(p => !ours.Contains(p)))
        {
            string here = host.Here(path);
            if (HostFileFacts.IsThere(here))
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"installing {here}: it is there and belongs to {Owner(path)}",
                    "move it away, or leave the image's files for the host out with --system-package=absent"
                );
            }

            CheckWritable(here);
        }
    }

    /// <summary>Refuses places that are not what they seem, and links into the store; changes nothing.</summary>
    /// <exception cref="SysctrException">Unsafe: says which.</exception>
    public void CheckPlaces(PreparedContainer container)
    {
        HostPlaces places = new(host.Target);
        foreach (
            string path in container
                .Record.AllFiles.Select(f => f.Path)
                .Concat(container.Record.HostDirectories.Select(d => d.Path))
        )
        {
            places.Check($"installing {path}", path);
        }

        foreach (
            string path in container.Rendered.GeneratedDirectories.Concat(
                container.Rendered.Units.SelectMany(UnitDirectories)
            )
        )
        {
            places.Check($"making {path}", path);
        }

        foreach (HostFile link in container.HostFiles.Where(f => f.Kind == ImageFileKind.Symlink))
        {
            places.CheckLink(link.Target, link.LinkTarget!);
        }
    }

    /// <summary>What systemd itself makes for a unit, and gives to its user (systemd.exec(5),
    /// RuntimeDirectory=).</summary>
    private static IEnumerable<string> UnitDirectories(RenderedUnit unit)
    {
        UnitText text = UnitText.Parse(unit.Text);
        (string Key, string Root)[] keys =
        [
            ("RuntimeDirectory", "/run"),
            ("StateDirectory", "/var/lib"),
            ("CacheDirectory", "/var/cache"),
            ("LogsDirectory", "/var/log"),
            ("ConfigurationDirectory", "/etc"),
        ];
        return keys.SelectMany(k =>
            s_directorySections
                .SelectMany(section => text.Words(section, k.Key))
                .SelectMany(w => w.Split(':').Take(2))
                .Where(w => w.Length > 0)
                .Select(w => HostPath.Absolute(w.StartsWith('/') ? w : $"{k.Root}/{w}"))
        );
    }

    /// <summary>
    /// Requires room for every host file twice: what fails half-way has to be rolled back, and where
    /// nothing can be written nothing can be written back.
    /// </summary>
    /// <exception cref="SysctrException">Storage: says what is needed, what is free, and where.</exception>
    public void CheckRoom(IEnumerable<PreparedContainer> containers)
    {
        foreach (
            IGrouping<FileIdentity, (string Directory, long Bytes)> files in containers
                .SelectMany(Sizes)
                .GroupBy(f => FileIdentity.FileSystemOf(f.Directory))
        )
        {
            string directory = files.First().Directory;
            FileSystemSpace space = FileSystemSpace.Of(directory);
            long bytes = 2 * files.Sum(f => (f.Bytes + Block - 1) / Block * Block);
            int inodes = 2 * files.Count();
            if (bytes > space.FreeToRoot || inodes > space.FreeInodes)
            {
                throw new SysctrException(
                    ErrorKind.Storage,
                    $"installing files to {directory}: they need up to {ByteSize.Text(bytes)} and {inodes} inodes, and its file system has {ByteSize.Text(space.FreeToRoot)} and {space.FreeInodes?.ToString() ?? "enough"} inodes free",
                    "free some space there and try again"
                );
            }
        }
    }

    private IEnumerable<(string Directory, long Bytes)> Sizes(PreparedContainer container)
    {
        IEnumerable<(string Path, long Bytes)> texts = container
            .UnitFiles.Concat(container.Tmpfiles is { } t ? [t] : [])
            .Select(f => (f.Path, (long)Encoding.UTF8.GetByteCount(f.Text)));
        IEnumerable<(string Path, long Bytes)> images = container
            .HostFiles.Where(f => f.Kind != ImageFileKind.Directory)
            .Select(f =>
                (
                    f.Target,
                    f.Content?.Length
                        ?? (f.Kind == ImageFileKind.Symlink ? 0 : container.Files.FindNoFollow(f.Source)?.Size ?? 0)
                )
            );
        return texts.Concat(images).Select(f => (ExistingAbove(host.Here(f.Path)), f.Bytes));
    }

    /// <summary>Keeps the files in a deployment that is being staged; not synced.</summary>
    public static void Keep(PreparedContainer container)
    {
        foreach (HostText text in container.UnitFiles.Concat(container.Tmpfiles is { } t ? [t] : []))
        {
            Write(container.Directory.StagedFile(text.Path), Encoding.UTF8.GetBytes(text.Text));
        }

        foreach (HostFile file in container.HostFiles.Where(f => f.Kind != ImageFileKind.Directory))
        {
            string path = container.Directory.StagedFile(file.Target);
            if (file.Kind == ImageFileKind.Symlink)
            {
                FaultPoint.Pass("symlink");
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.CreateSymbolicLink(path, file.LinkTarget!);
            }
            else
            {
                Write(path, Content(file, container.Files));
            }
        }
    }

    /// <summary>What a file of the image has on the host; for a link, the text of its target.</summary>
    public static byte[] Content(HostFile file, IImageFiles image) =>
        file.Kind switch
        {
            ImageFileKind.Symlink => Encoding.UTF8.GetBytes(file.LinkTarget!),
            _ => file.Content ?? image.Read(image.FindNoFollow(file.Source)!, MaxBytes),
        };

    private static void Write(string path, byte[] content)
    {
        FaultPoint.Pass("pwrite64");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
#pragma warning disable RS0030 // The whole deployment is synced before it gets its name.
        File.WriteAllBytes(path, content);
#pragma warning restore RS0030
    }

    /// <summary>Every directory above a path but the root, the outermost first.</summary>
    private static IEnumerable<string> Above(string path)
    {
        for (int slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }

    private static string ExistingAbove(string path)
    {
        string directory = Path.GetDirectoryName(path)!;
        while (!Directory.Exists(directory))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }

    private static void CheckWritable(string path)
    {
        string directory = ExistingAbove(path);
        if (Libc.access(directory, Libc.W_OK) != 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"installing {path}: {directory} can't be written here (a read-only file system?)",
                "leave the image's files for the host out with --system-package=absent, or set what its renameFiles take the path from"
            );
        }
    }

    private string Owner(string path) =>
        host.Catalog.List(_ => { }).FirstOrDefault(c => c.AllFiles.Any(f => f.Path == path)) is { } container
            ? $"the container '{container.Name}'"
            : "somebody else";
}
