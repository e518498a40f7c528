using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux;

namespace SystemContainers.Register;

/// <summary>Unit files, drop-ins and tmpfiles of the administrator's directories.</summary>
static class UnitFiles
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Refuses names that some unit on the host has already, wherever it stands; changes nothing.</summary>
    /// <exception cref="SysctrException">Conflict: names the file.</exception>
    public static void CheckFree(HostPaths paths, IReadOnlyList<string> unitNames)
    {
        foreach (string unit in unitNames)
        {
            if (Find(paths, unit) is { } there)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"installing {unit}: {there} is there, and sysctr did not install it",
                    "choose another name with --name, or remove that unit");
            }
        }
    }

    /// <summary>The file or link, dangling ones too, that gives the host a unit of that name; null where it has none.</summary>
    public static string? Find(HostPaths paths, string unit) => HostPaths.UnitLoadPath
        .Select(directory => paths.Here(Path.Join(directory, unit)))
        .FirstOrDefault(file => File.Exists(file) || new FileInfo(file).LinkTarget is not null);

    /// <summary>Writes a file durably; the directory of a drop-in is made.</summary>
    public static void Write(string path, string text)
    {
        string directory = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(directory))
        {
            Directory.CreateDirectory(directory);
            DurableFile.SyncDirectory(Path.GetDirectoryName(directory)!);
        }

        DurableFile.Write(path, Encoding.UTF8.GetBytes(text), Mode);
    }
}
