// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Oci;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>
/// What stands at a path of the host when the container starts: what is there now, or what its host files and tmpfiles
/// lines make until then. A bind mount needs a place of the same kind in the image: a file for a file.
/// </summary>
static class HostKinds
{
    /// <summary>As <see cref="HostFacts.IsDirectory"/>, with what the installation adds.</summary>
    /// <param name="hostFiles">What the image brings.</param>
    /// <param name="tmpfiles">Rendered lines of tmpfiles.d(5); null for none.</param>
    /// <param name="directories">Directories that these make for mounts.</param>
    public static Func<string, bool?> After(
        Func<string, bool?> isDirectory,
        IReadOnlyList<HostFile> hostFiles,
        string? tmpfiles,
        IReadOnlyCollection<string> directories
    )
    {
        HashSet<string> files = new(TmpfilesLines.Files(tmpfiles ?? ""), StringComparer.Ordinal);
        files.UnionWith(hostFiles.Where(f => f.Kind == ImageFileKind.Regular).Select(f => f.Target));
        return path =>
            isDirectory(path)
            ?? (
                files.Contains(HostPath.WithoutVarRun(path)) || files.Contains(path) ? false
                : directories.Contains(HostPath.WithoutVarRun(path)) ? true
                : null
            );
    }
}
