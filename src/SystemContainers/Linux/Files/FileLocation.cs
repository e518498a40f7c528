// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Where a file stands within its file system, whatever names, links, bind mounts or further mounts of the same file
/// system lead to it: two paths that are the same place have the same location.
/// </summary>
/// <remarks>
/// An overlay is a file system of its own: the layers that it is made of are other locations. Nobody but root can mount
/// one.
/// </remarks>
/// <param name="Device">MAJOR:MINOR, as mountinfo has it.</param>
/// <param name="Path">From the root of the file system.</param>
sealed record FileLocation(string Device, string Path)
{
    /// <summary>The location of an open file.</summary>
    /// <param name="handle">It; O_PATH is enough.</param>
    /// <param name="mounts">What is mounted now.</param>
    /// <exception cref="IOException">The kernel does not say, for the file is in no mount of this
    /// namespace.</exception>
    public static FileLocation Of(SafeFileHandle handle, IReadOnlyList<MountEntry> mounts)
    {
        int descriptor = (int)handle.DangerousGetHandle();
        string path =
            new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget
            ?? throw new IOException($"/proc/self/fd/{descriptor} can't be read");
        string? line = File.ReadLines($"/proc/self/fdinfo/{descriptor}")
            .FirstOrDefault(l => l.StartsWith("mnt_id:", StringComparison.Ordinal));
        return
            int.TryParse(line?["mnt_id:".Length..], CultureInfo.InvariantCulture, out int id)
            && mounts.FirstOrDefault(m => m.Id == id) is { } mount
            ? new FileLocation(mount.Device, Join(mount.Root, Relative(path, mount.Point)))
            : throw new IOException($"{path} is in no mount that this process sees");
    }

    /// <summary>The location of a path, links followed; what is not there yet is taken as a plain name in what
    /// is.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="mounts">What is mounted now.</param>
    public static FileLocation Of(string path, IReadOnlyList<MountEntry> mounts)
    {
        string rest = "";
        for (string there = RealPath.Of(path); ; there = System.IO.Path.GetDirectoryName(there)!)
        {
            using SafeFileHandle handle = Libc.open(there, OpenFlags.Path | OpenFlags.CloseOnExec, 0);
            if (!handle.IsInvalid)
            {
                FileLocation found = Of(handle, mounts);
                return found with { Path = Join(found.Path, rest) };
            }

            if (there == "/")
            {
                throw LinuxException.Last("open", path);
            }

            rest = $"/{System.IO.Path.GetFileName(there)}{rest}";
        }
    }

    /// <summary>Whether it is <paramref name="directory"/>, or below it.</summary>
    public bool IsIn(FileLocation directory) =>
        Device == directory.Device
        && (
            Path == directory.Path
            || directory.Path == "/"
            || Path.StartsWith(directory.Path + "/", StringComparison.Ordinal)
        );

    /// <summary>The path from a directory that it <see cref="IsIn"/>: empty, or with a slash in front.</summary>
    public string From(FileLocation directory) => Relative(Path, directory.Path);

    private static string Relative(string path, string directory) =>
        path == directory ? ""
        : directory == "/" ? path
        : path[directory.Length..];

    private static string Join(string directory, string relative) =>
        relative.Length == 0 ? directory
        : directory == "/" ? relative
        : directory + relative;
}
