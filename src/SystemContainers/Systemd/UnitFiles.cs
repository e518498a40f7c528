// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Systemd;

/// <summary>The names of units on the host.</summary>
static class UnitFiles
{
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
                    "choose another name with --name, or remove that unit"
                );
            }
        }
    }

    /// <summary>The file or link, dangling ones too, that gives the host a unit of that name; null where it has
    /// none.</summary>
    public static string? Find(HostPaths paths, string unit) =>
        paths
            .UnitLoadPath.Select(directory => paths.Here(Path.Join(directory, unit)))
            .FirstOrDefault(file => File.Exists(file) || new FileInfo(file).LinkTarget is not null);
}
