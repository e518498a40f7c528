namespace SystemContainers.Deploy;

/// <summary>Where our own programs stand; units name them, so they are found from the one that runs.</summary>
static class ToolPaths
{
    private const string Libexec = "/usr/libexec/sysctr/sysctr-listen";

    /// <summary>This program: ATOMIC, and what units call to launch.</summary>
    public static string Tool { get; } = Environment.ProcessPath!;

    /// <summary>sysctr-listen: installed in libexec of the same prefix, or beside this program in a build tree.</summary>
    public static string ListenHelper { get; } = Find();

    private static string Find()
    {
        string directory = Path.GetDirectoryName(Tool)!;
        string installed = Path.GetFullPath(Path.Join(directory, "../libexec/sysctr/sysctr-listen"));
        string beside = Path.Join(directory, "sysctr-listen");
        return File.Exists(installed) ? installed : File.Exists(beside) ? beside : Libexec;
    }
}
