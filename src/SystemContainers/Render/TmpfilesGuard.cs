using System.Text.RegularExpressions;
using SystemContainers.Errors;

namespace SystemContainers.Render;

/// <summary>
/// Keeps an image's tmpfiles lines from what is not the container's: tmpfiles.d(5) has types that empty, overwrite or remove what is
/// there, at install and at uninstall, before anybody has started anything of the image.
/// </summary>
static partial class TmpfilesGuard
{
    private const int PathField = 1;
    private const int AgeField = 5;

    /// <summary>Types with an age: what is older in the directory is removed every day.</summary>
    private const string AgingTypes = "dDevqQC";

    /// <summary>Types that change owner, mode, attributes or labels of all that is below.</summary>
    private const string RecursiveTypes = "ZTHA";

    private static readonly string[] s_everybodys =
    [
        "/", "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/var", "/var/lib", "/var/log", "/var/cache", "/var/spool", "/opt", "/srv",
        "/home", "/root", "/run", "/tmp", "/var/tmp", "/dev", "/proc", "/sys", "/etc/systemd", "/etc/tmpfiles.d",
    ];

    /// <summary>Checks rendered lines, and takes from lines that make a directory what would empty one that was there before.</summary>
    /// <param name="path">What errors name.</param>
    /// <param name="lines">A rendered tmpfiles.d(5) file.</param>
    /// <param name="request">Name, host and what earlier deployments had.</param>
    /// <param name="runDirectory">RUN_DIRECTORY: what is there is gone with the next boot, and nobody's property.</param>
    /// <param name="hostFiles">What the image itself brings.</param>
    /// <param name="warn">Gets what was taken from a line, in words for the user.</param>
    /// <returns>The lines that may be installed.</returns>
    /// <exception cref="SysctrException">Unsafe: names the line and what it would take away.</exception>
    public static string Admit(
        string path, string lines, RenderRequest request, string runDirectory, IReadOnlyList<HostFile> hostFiles, Action<string> warn)
    {
        HashSet<string> before = [.. request.TmpfilesBefore.Split('\n').Select(Fields).Where(f => Takes(f) || Ages(f)).Select(PathOf)];
        return string.Join('\n', lines.Split('\n').Select((line, index) => Admitted(line, new TextPosition(index + 1, 1))));

        string Admitted(string line, TextPosition at)
        {
            Group[] fields = Fields(line);
            if (fields.Length <= PathField || fields[0].Value.StartsWith('#'))
            {
                return line;
            }

            string taken = PathOf(fields);
            if (RecursiveTypes.Contains(fields[0].Value[0], StringComparison.Ordinal) && s_everybodys.Contains(taken, StringComparer.Ordinal))
            {
                throw TemplateErrors.Unsafe(at.In(path), $"it would change all that is below {taken}, which is not the container's");
            }

            if (!IsForeign(taken))
            {
                return line;
            }

            if (Ages(fields))
            {
                warn($"{at.In(path)}: {taken} was there before: nothing that is old is removed from it");
                line = Replaced(line, fields[AgeField], "-");
            }

            if (fields[0].Value[0] == 'D')
            {
                warn($"{at.In(path)}: {taken} was there before: it is never emptied");
                return Replaced(line, fields[0], "d" + fields[0].Value[1..]);
            }

            return !Takes(fields) ? line : throw TemplateErrors.Unsafe(
                at.In(path), $"it would overwrite or remove {taken}, which is there and not the container's");
        }

        bool IsForeign(string taken) =>
            !HostPath.IsBelow(taken, HostPath.Absolute(runDirectory)) && !IsNamedAfter(taken, request.Name) && !before.Contains(taken) &&
            !request.GeneratedBefore.Contains(taken, StringComparer.Ordinal) && hostFiles.All(f => f.Target != taken) &&
            (taken.AsSpan().IndexOfAny("*?[%") >= 0 || request.Host.IsDirectory(taken) is not null);
    }

    /// <summary>Whether a line takes something away: f+, F, L+, C+ and the like, w, D, r and R.</summary>
    private static bool Takes(Group[] fields) =>
        fields.Length > PathField && ("FwDrR".Contains(fields[0].Value[0], StringComparison.Ordinal) ||
            ("fLpcbC".Contains(fields[0].Value[0], StringComparison.Ordinal) && fields[0].Value.Contains('+', StringComparison.Ordinal)));

    private static bool Ages(Group[] fields) =>
        fields.Length > AgeField && AgingTypes.Contains(fields[0].Value[0], StringComparison.Ordinal) && fields[AgeField].Value != "-";

    private static string PathOf(Group[] fields) => HostPath.WithoutVarRun(HostPath.Absolute(fields[PathField].Value.Trim('"', '\'')));

    private static Group[] Fields(string line) => [.. Field().Matches(line).Cast<Group>()];

    private static string Replaced(string line, Group field, string text) => line[..field.Index] + text + line[(field.Index + field.Length)..];

    /// <summary>A part of the path is the container's name, alone or with an ending.</summary>
    private static bool IsNamedAfter(string path, string name) =>
        !HostPath.LeadsUpwards(path) &&
        HostPath.Parts(path).Any(p => p == name || p.StartsWith(name + ".", StringComparison.Ordinal));

    [GeneratedRegex("""
        "[^"]*"|'[^']*'|\S+
        """, RegexOptions.NonBacktracking)]
    private static partial Regex Field();
}
