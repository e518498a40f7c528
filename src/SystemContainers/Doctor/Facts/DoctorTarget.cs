// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;

namespace SystemContainers.Doctor.Facts;

/// <summary>
/// The host that is looked at. Unlike <see cref="Host"/> it opens, makes and locks nothing, and anybody may look: what
/// a caller may not see is said to be unknown.
/// </summary>
/// <param name="Root">The host's root directory, absolute; <c>/</c> for the running host.</param>
/// <param name="User">Whose containers; null for the system's.</param>
sealed record DoctorTarget(string Root, HostUser? User)
{
    // Of records, units and settings; a page of each would do.
    private const int MaxTextBytes = 1 << 20;

    // As many as the kernel follows (path_resolution(7)).
    private const int MaxLinks = 40;

    /// <summary>Whether the kernel, systemd and the clock are those of this host.</summary>
    public bool IsRunning => Root == "/";

    /// <summary>Whether the caller may see everything.</summary>
    public bool IsRoot { get; init; } = Libc.geteuid() == 0;

    /// <summary>The caller's variables; null for none.</summary>
    public Func<string, string?>? Environment { get; init; }

    /// <summary>Where the store is, as this process sees it.</summary>
    public string Store { get; init; } =
        User is null
            ? (Root == "/" ? HostTarget.SystemStore : RootedPath.Resolve(Root, HostTarget.SystemStore))
            : Path.Join(User.DataHome, "sysctr");

    public HostPaths Paths => new(Root, User);

    /// <summary>The catalogue of installed containers.</summary>
    public ContainerCatalog Catalog => new(Store);

    /// <summary>A path of the host as this process sees it.</summary>
    public string Here(string path) => IsRunning ? path : RootedPath.Resolve(Root, path);

    /// <summary>Whether a file is there, links followed to where that system follows them.</summary>
    public bool IsFile(string path)
    {
        for (int links = 0; links <= MaxLinks; links++)
        {
            string here = Here(path);
            if (new FileInfo(here).LinkTarget is not { } target)
            {
                return File.Exists(here);
            }

            path = Path.GetFullPath(target, Path.GetDirectoryName(path)!);
        }

        return false;
    }

    /// <summary>A small file of the host; null where there is none.</summary>
    /// <exception cref="IOException">It is no regular file, is too large, or can't be read.</exception>
    public string? ReadText(string path) => BoundedFile.ReadText(Root, path, MaxTextBytes);

    /// <summary>The same, where what can't be read is as good as missing.</summary>
    public string? TryReadText(string path)
    {
        try
        {
            return ReadText(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The directory itself, or the nearest above it that is there.</summary>
    public static string Nearest(string directory)
    {
        while (!Directory.Exists(directory) && Path.GetDirectoryName(directory) is { } above)
        {
            directory = above;
        }

        return directory;
    }

    /// <summary>The settings; the defaults where they can't be read, which <see cref="ConfigurationCheck"/>
    /// says.</summary>
    public SysctrConfiguration Configuration
    {
        get
        {
            try
            {
                // A FIFO in its place would hold the reader up.
                _ = ReadText(SysctrConfiguration.Path);
                return SysctrConfiguration.Load(Paths);
            }
            catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
            {
                return new SysctrConfiguration();
            }
        }
    }

    /// <summary>
    /// Why somebody who is not root could change what a path means; null where nobody can. Links count with all that is
    /// above what they lead to. A directory with the sticky bit gives everybody room of their own and nothing else.
    /// </summary>
    /// <param name="path">Absolute, as the host sees it.</param>
    public string? OpenTo(string path) => OpenTo(path, MaxLinks);

    private string? OpenTo(string path, int links)
    {
        for (string? part = path; part is not null and not "/"; part = Path.GetDirectoryName(part))
        {
            string here = Here(part);
            if (FileFacts.Of(here) is not { } facts)
            {
                continue;
            }

            if (facts.IsLink)
            {
                if (
                    links > 0
                    && new FileInfo(here).LinkTarget is { } target
                    && OpenTo(Path.GetFullPath(target, Path.GetDirectoryName(part)!), links - 1) is { } open
                )
                {
                    return open;
                }
            }
            else if (facts.Uid != 0)
            {
                return $"{part} belongs to the user {facts.Uid}";
            }
            else if ((facts.Mode & 0x12) != 0 && (facts.Mode & 0x200) == 0)
            {
                return $"{part} can be written by others than root (mode {Convert.ToString(facts.Mode, 8)})";
            }
        }

        return null;
    }
}
