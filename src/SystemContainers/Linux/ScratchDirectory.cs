using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;

namespace SystemContainers.Linux;

/// <summary>
/// Directories that a process needs for a moment, where nobody else can make names: small ones in the run directory, large ones below the
/// store. Never in /tmp or /var/tmp: there everybody can lay something down for root to find.
/// </summary>
static class ScratchDirectory
{
    private const string Name = "scratch";
    private const int Attempts = 100;

    /// <summary>Makes a small one; its owner removes it.</summary>
    /// <returns>Its absolute path.</returns>
    public static string Create() => RunDirectory is { } run ? CreateIn(run) : Directory.CreateTempSubdirectory(ProcessMark.NewName() + "-").FullName;

    /// <summary>Makes one for what may be large, on the store's file system; <see cref="Remove"/> takes it away again.</summary>
    /// <param name="store">The store, which need not be there; where it can't be written, the run directory has to do.</param>
    /// <returns>Its absolute path.</returns>
    public static string CreateBelow(string store)
    {
        try
        {
            Directory.CreateDirectory(store, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return CreateIn(store);
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e as IOException)?.HResult == Errno.EROFS || (e as LinuxException)?.Errno == Errno.EROFS)
        {
            return Create();
        }
    }

    /// <summary>Removes one with all that is in it, and what was made for it.</summary>
    public static void Remove(string directory)
    {
        TreeRemoval.Remove(directory);

        // rmdir(2) removes nothing that has something in it, so that others' and a store that is one stay.
        string place = Path.GetDirectoryName(directory)!;
        string above = Path.GetDirectoryName(place)!;
        if (Path.GetFileName(place) == Name && Libc.rmdir(place) == 0 && RunDirectory is not null && above != Path.Join(RunDirectory, "sysctr"))
        {
            _ = Libc.rmdir(above);
        }
    }

    /// <summary>Removes those of processes that were killed. What versions before this one left in /tmp is left to those who clean it (tmpfiles.d(5)).</summary>
    /// <param name="store">The store.</param>
    public static void RemoveAbandoned(string store)
    {
        string[] places = RunDirectory is { } run ? [Path.Join(run, "sysctr", Name), Path.Join(store, Name)] : [Path.Join(store, Name)];
        foreach (string directory in places.Where(Directory.Exists).SelectMany(Directory.GetDirectories).Where(d => ProcessMark.IsOfDead(Path.GetFileName(d))))
        {
            TreeRemoval.Remove(directory);
        }
    }

    /// <summary>/run for root, XDG_RUNTIME_DIR for a user; null for a user who has none.</summary>
    private static string? RunDirectory
    {
        get
        {
            string run = Libc.geteuid() == 0 && !HostUser.IsInNamespace ? "/run" : HostUser.OfCaller().RuntimeDirectory;
            return run == "/run" || Directory.Exists(run) ? run : null;
        }
    }

    /// <summary>The directory of the small ones, for files without names.</summary>
    public static string Place() => RunDirectory is { } run ? Place(run) : Path.GetTempPath();

    private static string Place(string above)
    {
        if (above == RunDirectory)
        {
            above = Path.Join(above, "sysctr");
            PrivateDirectory.Make(above);
        }

        string place = Path.Join(above, Name);
        PrivateDirectory.Make(place);
        return place;
    }

    private static string CreateIn(string above)
    {
        FaultPoint.Pass("mkdir");
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                string path = Path.Join(Place(above), ProcessMark.NewName());
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                return path;
            }
            catch (IOException e) when (attempt < Attempts && (e is DirectoryNotFoundException || (e as LinuxException)?.Errno == Errno.ENOENT))
            {
                // Another process has just removed the last one, and with it the directory of all.
            }
        }
    }
}
