namespace SystemContainers.Linux;

/// <summary>Directories in the host's temporary directory that a process needs for a moment.</summary>
static class ScratchDirectory
{
    private const string Prefix = "sysctr-";

    /// <summary>Makes one that only root looks into; its owner removes it.</summary>
    /// <returns>Its absolute path.</returns>
    public static string Create()
    {
        // The mark is no secret and the directory is everybody's: what follows the mark is, and a name that is taken is not used.
        FaultPoint.Pass("mkdir");
        return Directory.CreateTempSubdirectory(ProcessMark.NewName() + "-").FullName;
    }

    /// <summary>Removes those of processes that were killed.</summary>
    public static void RemoveAbandoned()
    {
        foreach (string directory in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            if (ProcessMark.IsOfDead(Path.GetFileName(directory)))
            {
                TreeRemoval.Remove(directory);
            }
        }
    }
}
