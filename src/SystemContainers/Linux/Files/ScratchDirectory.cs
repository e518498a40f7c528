// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Directories that a process needs for a moment, where nobody else can make names: small ones in the run directory,
/// large ones below the store. Never in /tmp or /var/tmp: there everybody can lay something down for root to find.
/// </summary>
static class ScratchDirectory
{
    private const string Name = "scratch";

    /// <summary>Beside a store that is not there yet: who only asks must not make one.</summary>
    private const string NameBeside = ".sysctr-scratch";

    private const int Attempts = 100;

    /// <summary>Makes a small one; its owner removes it.</summary>
    /// <returns>Its absolute path.</returns>
    public static string Create() =>
        RunDirectory is null ? Directory.CreateTempSubdirectory(ProcessMark.NewName() + "-").FullName : CreateIn(Place);

    /// <summary>Makes one for what may be large, on the store's file system; <see cref="Remove"/> takes it away
    /// again.</summary>
    /// <param name="store">The store, which need not be there; where nothing can be written there, the run directory
    /// has to do.</param>
    /// <returns>Its absolute path.</returns>
    public static string CreateBelow(string store)
    {
        string place = Directory.Exists(store) ? Path.Join(store, Name) : Beside(store);
        if (!Directory.Exists(Path.GetDirectoryName(place)))
        {
            return Create();
        }

        try
        {
            return CreateIn(() => Private(place));
        }
        catch (Exception e) when (e is UnauthorizedAccessException || HostFailure.IsReadOnly(e))
        {
            return Create();
        }
    }

    /// <summary>Removes one with all that is in it, and the directory of all when it was the last.</summary>
    public static void Remove(string directory)
    {
        TreeRemoval.Remove(directory);

        // rmdir(2) removes nothing that has something in it, so that others' stay.
        string place = Path.GetDirectoryName(directory)!;
        if (Path.GetFileName(place) is Name or NameBeside)
        {
            _ = Libc.rmdir(place);
        }
    }

    /// <summary>Removes those of processes that were killed. What versions before this one left in /tmp is left to
    /// those who clean it (tmpfiles.d(5)).</summary>
    public static void RemoveAbandoned(string store)
    {
        foreach (string directory in Abandoned(store))
        {
            Remove(directory);
        }
    }

    /// <summary>Removes the small ones of processes that were killed, as far as they can be: for who has something else
    /// to do, which one that stays, such as for a mount in it, must not keep from it. A recovery says why.</summary>
    public static void RemoveAbandoned()
    {
        foreach (string directory in OfDead(SmallPlaces()))
        {
            try
            {
                Remove(directory);
            }
            catch (IOException)
            {
                // What holds it holds it for the next one, too.
            }
        }
    }

    /// <summary>Those of processes that were killed.</summary>
    public static IReadOnlyList<string> Abandoned(string store) =>
        OfDead([Path.Join(store, Name), Beside(store), .. SmallPlaces()]);

    private static string[] SmallPlaces() => RunDirectory is { } run ? [Path.Join(run, "sysctr", Name)] : [];

    private static string[] OfDead(string[] places) =>
        [.. places.SelectMany(In).Where(d => ProcessMark.IsOfDead(Path.GetFileName(d)))];

    /// <summary>None where there is no such place: another process takes it away with the last one in it.</summary>
    private static string[] In(string place)
    {
        try
        {
            return Directory.GetDirectories(place);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>The directory of the small ones, for files without names.</summary>
    public static string Place()
    {
        if (RunDirectory is not { } run)
        {
            return Path.GetTempPath();
        }

        string own = Path.Join(run, "sysctr");
        PrivateDirectory.Make(own);
        return Private(Path.Join(own, Name));
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

    private static string Beside(string store) => Path.Join(Path.GetDirectoryName(store), NameBeside);

    private static string Private(string directory)
    {
        PrivateDirectory.Make(directory);
        return directory;
    }

    private static string CreateIn(Func<string> place)
    {
        FaultPoint.Pass("mkdir");
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                string path = Path.Join(place(), ProcessMark.NewName());
                if (Libc.mkdir(path, 0b111_000_000) == 0)
                {
                    return path;
                }

                throw LinuxException.Last("mkdir", path);
            }
            catch (IOException e)
                when (attempt < Attempts
                    && (e is DirectoryNotFoundException || (e as LinuxException)?.Errno == Errno.ENOENT)
                )
            {
                // Another process has just removed the last one, and with it the directory of all.
            }
        }
    }
}
