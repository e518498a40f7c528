// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Conversion.Files;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;

namespace SystemContainers.Conversion;

/// <summary>Converted files on disk.</summary>
static class ConvertedOutput
{
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    // What stands in a file may be a password; who may read it, its owner says.
    private const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes files into a directory, which is made where it is not there; each is there whole or not at all,
    /// and none where one is somebody else's.</summary>
    /// <param name="directory">As it was typed.</param>
    /// <param name="force">Whether files that are there, and say something else, are replaced.</param>
    /// <returns>The files' paths, in the order of the files.</returns>
    /// <exception cref="SysctrException">Conflict: a file is there that says something else; Storage: one can't be
    /// written.</exception>
    public static IReadOnlyList<string> Write(ConvertedFiles files, string directory, bool force)
    {
        string place = Path.GetFullPath(directory);
        List<(string Path, byte[] Text, bool IsPrivate)> wanted = [];
        foreach (ConvertedFile file in files.All)
        {
            string path = Path.Join(place, file.Name);
            byte[] text = Encoding.UTF8.GetBytes(file.Render().Text);
            if (Path.Exists(path) && !force && !IsSame(path, text))
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"writing {path}: it is there already, and says something else",
                    "--force replaces it; --name gives a container another name. Nothing was written"
                );
            }

            wanted.Add((path, text, file.Has("Container", "Environment")));
        }

        try
        {
            Directory.CreateDirectory(place);
            foreach ((string path, byte[] text, bool isPrivate) in wanted)
            {
                DurableFile.Write(path, text, isPrivate ? PrivateMode : Mode);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(HostFailure.KindOf(e), $"writing files to {directory}: {e.Message}", inner: e);
        }

        return [.. wanted.Select(w => w.Path)];
    }

    private static bool IsSame(string path, byte[] text)
    {
        try
        {
            return BoundedFile.Read("/", path, 1 << 20) is { } there && there.AsSpan().SequenceEqual(text);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
