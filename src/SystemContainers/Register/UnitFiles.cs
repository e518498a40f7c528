using SystemContainers.Errors;

namespace SystemContainers.Register;

/// <summary>The names of units on the host.</summary>
static class UnitFiles
{
    /// <summary>Refuses names that some unit on the host has already, wherever it stands; changes nothing.</summary>
    /// <exception cref="SysctrException">Conflict: names the file.</exception>
    public static void CheckFree(HostPaths paths, IReadOnlyList<string> unitNames)
    {
        foreach (string unit in unitNames)
        {
            string? there = HostPaths.UnitLoadPath
                .Select(directory => paths.Here(Path.Join(directory, unit)))
                .FirstOrDefault(file => File.Exists(file) || new FileInfo(file).LinkTarget is not null);
            if (there is not null)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"installing {unit}: {there} is there, and sysctr did not install it",
                    "choose another name with --name, or remove that unit");
            }
        }
    }

    /// <summary>Refuses an <c>Alias=</c> of [Install] that is another unit's name: enabling would put a link in that unit's place.</summary>
    /// <param name="paths">The host.</param>
    /// <param name="unit">The unit that wants the names.</param>
    /// <param name="aliases">File names of units, several in one text or one each (systemd.unit(5)).</param>
    /// <exception cref="SysctrException">Conflict: names the file; Unsafe: it is no name of a unit.</exception>
    public static void CheckAliases(HostPaths paths, string unit, IEnumerable<string> aliases)
    {
        foreach (string alias in aliases.SelectMany(a => a.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (alias.Contains('/') || Path.GetExtension(alias) != Path.GetExtension(unit))
            {
                throw new SysctrException(ErrorKind.Unsafe, $"installing {unit}: its Alias={alias} is no name for a {Path.GetExtension(unit)[1..]}");
            }

            string? there = HostPaths.UnitLoadPath
                .Select(directory => paths.Here(Path.Join(directory, alias)))
                .FirstOrDefault(file => IsAnothers(file, unit));
            if (there is not null)
            {
                throw new SysctrException(
                    ErrorKind.Conflict, $"installing {unit}: its Alias={alias} would take the place of {there}", "remove that unit first, if the image is to replace it");
            }
        }
    }

    private static bool IsAnothers(string file, string unit) =>
        new FileInfo(file).LinkTarget is { } target ? Path.GetFileName(target) != unit : File.Exists(file);
}
