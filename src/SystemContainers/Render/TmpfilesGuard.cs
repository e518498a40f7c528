using SystemContainers.Errors;

namespace SystemContainers.Render;

/// <summary>
/// Keeps an image's tmpfiles lines from what is not the container's: tmpfiles.d(5) has types that empty, overwrite or remove what is
/// there, at install and at uninstall, before anybody has started anything of the image.
/// </summary>
static class TmpfilesGuard
{
    /// <summary>Checks rendered lines.</summary>
    /// <param name="path">What errors name.</param>
    /// <param name="lines">A rendered tmpfiles.d(5) file.</param>
    /// <param name="request">Name, host and what earlier deployments had.</param>
    /// <param name="runDirectory">RUN_DIRECTORY: what is there is gone with the next boot, and nobody's property.</param>
    /// <param name="hostFiles">What the image itself brings.</param>
    /// <exception cref="SysctrException">Unsafe: names the line and what it would take away.</exception>
    public static void Check(string path, string lines, RenderRequest request, string runDirectory, IReadOnlyList<HostFile> hostFiles)
    {
        HashSet<string> before = [.. Taking(request.TmpfilesBefore).Select(l => l.Path)];
        foreach ((int number, string taken) in Taking(lines))
        {
            if (!HostPath.IsBelow(taken, HostPath.Absolute(runDirectory)) && !IsNamedAfter(taken, request.Name) && !before.Contains(taken) &&
                !request.GeneratedBefore.Contains(taken, StringComparer.Ordinal) && hostFiles.All(f => f.Target != taken) &&
                (taken.AsSpan().IndexOfAny("*?[%") >= 0 || request.Host.IsDirectory(taken) is not null))
            {
                throw TemplateErrors.Unsafe(new TextPosition(number, 1).In(path), $"it would overwrite or remove {taken}, which is there and not the container's");
            }
        }
    }

    /// <summary>The lines that take something away: f+, F, L+, C+ and the like, w, D, r and R.</summary>
    private static IEnumerable<(int Number, string Path)> Taking(string lines)
    {
        foreach ((int index, string line) in lines.Split('\n').Index())
        {
            string[] fields = line.Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 1 && ("FwDrR".Contains(fields[0][0], StringComparison.Ordinal) ||
                ("fLpcbC".Contains(fields[0][0], StringComparison.Ordinal) && fields[0].Contains('+', StringComparison.Ordinal))))
            {
                yield return (index + 1, HostPath.WithoutVarRun(HostPath.Absolute(fields[1].Trim('"', '\''))));
            }
        }
    }

    /// <summary>A part of the path is the container's name, alone or with an ending.</summary>
    private static bool IsNamedAfter(string path, string name) =>
        !HostPath.LeadsUpwards(path) &&
        HostPath.Parts(path).Any(p => p == name || p.StartsWith(name + ".", StringComparison.Ordinal));
}
