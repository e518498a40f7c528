namespace SystemContainers.Deploy.Fsck;

/// <summary>Who still has a root file system that was replaced: its mount follows the directory to its new name (proc_pid_mountinfo(5)).</summary>
static class RootUsers
{
    /// <summary>Whether any process has it mounted.</summary>
    /// <param name="directory">With a name that no other directory has.</param>
    public static bool Any(string directory)
    {
        string name = "/" + Path.GetFileName(directory);
        return Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])).Any(d => Mounts(d).Contains(name, StringComparison.Ordinal));
    }

    private static string Mounts(string process)
    {
        try
        {
            return File.ReadAllText(process + "/mountinfo");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return "";
        }
    }
}
