using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>realpath(3) of what is there.</summary>
static class RealPath
{
    /// <summary>The path with every link in it followed, as the kernel does it.</summary>
    /// <param name="path">Something that is there.</param>
    /// <exception cref="LinuxException">It is not there.</exception>
    public static string Of(string path)
    {
        using SafeFileHandle handle = Libc.open(path, OpenFlags.Path | OpenFlags.CloseOnExec, 0);
        return handle.IsInvalid
            ? throw LinuxException.Last("open", path)
            : new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget!;
    }
}
