// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>Decides where the files of hostfs go on the host. Nothing is looked up or written there.</summary>
static class HostFilePlan
{
    // The kernel's file systems and our own store: nothing that an image brings belongs there.
    private static readonly string[] s_forbidden = ["/proc", "/sys", "/dev", "/var/lib/sysctr"];

    /// <summary>A file is written beside its place under a longer name first, and names end at 255 bytes.</summary>
    private const int MaxNameBytes = 200;

    /// <summary>Directories of systemd's files, in which a <c>%</c> is a specifier.</summary>
    private static readonly string[] s_systemds = ["/systemd/", "/tmpfiles.d/", "/sysusers.d/"];

    /// <summary>Directories of files in which each line is a statement that the host carries out.</summary>
    private static readonly string[] s_statements =
    [
        "/sysctl.d/",
        "/modules-load.d/",
        "/modprobe.d/",
        "/udev/rules.d/",
        "/cron.d/",
        "/sudoers.d/",
        "/ld.so.conf.d/",
        "/binfmt.d/",
        "/environment.d/",
        "/profile.d/",
    ];

    /// <summary>The files, directories before what is in them.</summary>
    /// <exception cref="SysctrException">Unsafe: a path that leaves its tree or collides with another; Template: a
    /// template does not render.</exception>
    public static IReadOnlyList<HostFile> Make(RenderRequest request, TemplateValues all)
    {
        IReadOnlyDictionary<string, string> values = all.Texts;
        ExportManifest manifest = request.Exports.Manifest;
        Dictionary<string, string> renames = Renames(manifest, values);
        SortedDictionary<string, HostFile> byTarget = new(StringComparer.Ordinal);
        Dictionary<object, string> firstNames = [];
        foreach (ExportHostFile exported in request.Exports.HostFiles)
        {
            string target = Target(exported, renames);
            ImageFile file = exported.File;
            ExportFile? template = exported.Template ?? ListedByNewName(request, exported, target);
            byte[]? content = template is null
                ? null
                : Encoding.UTF8.GetBytes(Rendered(template, target, all, request.Budget));
            HostFile planned = new(
                file.Path,
                target,
                file.Kind,
                file.Mode,
                file.Uid,
                file.Gid,
                content,
                file.LinkTarget
            )
            {
                Xattrs = file.Xattrs,
            };
            if (
                content is null
                && file is { Kind: ImageFileKind.Regular, Inode: { } inode }
                && !firstNames.TryAdd(inode, target)
            )
            {
                planned = planned with { LinkOf = firstNames[inode] };
            }

            if (
                byTarget.TryGetValue(target, out HostFile? other)
                && (other.Kind != ImageFileKind.Directory || planned.Kind != ImageFileKind.Directory)
            )
            {
                throw TemplateErrors.Unsafe(file.Path, $"it and {other.Source} would both become {target} on the host");
            }

            byTarget[target] = planned;
        }

        foreach (HostFile planned in byTarget.Values)
        {
            CheckParents(planned, byTarget);
        }

        return [.. byTarget.Values];
    }

    /// <summary>Renders a file; where its lines are statements of the host's, a value is no more than a text in
    /// one.</summary>
    private static string Rendered(ExportFile template, string target, TemplateValues values, RenderBudget budget)
    {
        bool isSystemds = s_systemds.Any(d => target.Contains(d, StringComparison.Ordinal));
        if (isSystemds || s_statements.Any(d => target.Contains(d, StringComparison.Ordinal)))
        {
            values.CheckForLines(template, isSystemds);
        }

        return TemplateText.Render(template, isSystemds ? values.ForLines : values.Texts, budget);
    }

    // The old tool looked the new name up, its documentation means the name in hostfs: both are found in published
    // manifests.
    private static ExportFile? ListedByNewName(RenderRequest request, ExportHostFile exported, string target) =>
        exported.File.Kind == ImageFileKind.Regular && request.Exports.Manifest.InstalledFilesTemplate.Contains(target)
            ? ImageExports.ReadTemplate(request.Files, exported.File, TemplateKind.Legacy)
            : null;

    private static Dictionary<string, string> Renames(
        ExportManifest manifest,
        IReadOnlyDictionary<string, string> values
    )
    {
        Dictionary<string, string> renames = new(StringComparer.Ordinal);
        foreach ((string from, string template) in manifest.RenameFiles)
        {
            string place = $"/exports/manifest.json (renameFiles {from})";
            string to = LegacyTemplate.Render(place, template, values);
            if (!to.StartsWith('/') || HostPath.LeadsUpwards(to) || to.Any(char.IsControl))
            {
                throw TemplateErrors.Unsafe(
                    place,
                    $"'{to.ReplaceLineEndings(" ")}' has to be an absolute path without '..'"
                );
            }

            renames[from] = HostPath.Absolute(to);
        }

        return renames;
    }

    /// <summary>
    /// The path on the host. As the old tool did it, each leading part of the path is looked up after those before it
    /// have been renamed, so that a directory can be renamed as well as a file.
    /// </summary>
    private static string Target(ExportHostFile exported, Dictionary<string, string> renames)
    {
        string target = "";
        foreach (string part in HostPath.Parts(exported.Path))
        {
            target = (target == "/" ? "" : target) + "/" + part;
            target = renames.GetValueOrDefault(target, target);
        }

        if (
            target == "/"
            || target.Any(char.IsControl)
            || s_forbidden.Any(f => target == f || HostPath.IsBelow(target, f))
        )
        {
            throw TemplateErrors.Unsafe(
                exported.File.Path,
                $"it must not become '{target.ReplaceLineEndings(" ")}' on the host"
            );
        }

        if (HostPath.Parts(target).FirstOrDefault(p => Encoding.UTF8.GetByteCount(p) > MaxNameBytes) is { } name)
        {
            throw TemplateErrors.Unsafe(
                exported.File.Path,
                $"'{name[..20]}…' is longer than the {MaxNameBytes} bytes that a name on the host may have"
            );
        }

        return target;
    }

    // A file "below" a link of the same image would be written wherever that link points.
    private static void CheckParents(HostFile planned, SortedDictionary<string, HostFile> byTarget)
    {
        string[] parts = HostPath.Parts(planned.Target);
        for (int count = 1; count < parts.Length; count++)
        {
            string parent = "/" + string.Join('/', parts[..count]);
            if (byTarget.TryGetValue(parent, out HostFile? above) && above.Kind != ImageFileKind.Directory)
            {
                throw TemplateErrors.Unsafe(
                    planned.Source,
                    $"it would be installed below {parent}, which {above.Source} makes no directory"
                );
            }
        }
    }
}
