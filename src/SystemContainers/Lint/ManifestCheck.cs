// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Exports;
using SystemContainers.Lint.Json;
using SystemContainers.Oci;
using SystemContainers.Render.Request;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>manifest.json against the rest of /exports: what it names has to be there, and what it says to have an
/// effect.</summary>
static class ManifestCheck
{
    private const string ManifestPath = "/exports/manifest.json";

    private static readonly string[] s_members =
    [
        "version",
        "defaultValues",
        "renameFiles",
        "installedFilesTemplate",
        "noContainerService",
        "useLinks",
        "health",
    ];

    public static void Run(IImageFiles files, ImageExports exports, LintFindings findings)
    {
        if (files.Find(ManifestPath) is null)
        {
            return;
        }

        LocatedJson manifest = LocatedJson.Parse(Text(files).Text);
        HashSet<string> paths = exports.HostFiles.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        HashSet<string> newNames = exports.Manifest.RenameFiles.Values.ToHashSet(StringComparer.Ordinal);
        foreach (
            (string member, LocatedJson value) in manifest.Members.Where(m =>
                !s_members.Contains(m.Name, StringComparer.Ordinal)
            )
        )
        {
            Warn(value, $"{member} is no member that sysctr knows");
        }

        foreach ((string from, LocatedJson value) in manifest["renameFiles"]?.Members ?? [])
        {
            if (!paths.Contains(HostPath.Absolute(from)))
            {
                Warn(value, $"renameFiles names {from}, which is not in hostfs");
            }
        }

        foreach (LocatedJson listed in manifest["installedFilesTemplate"]?.Items ?? [])
        {
            string path = HostPath.Absolute(listed.Text);
            if (!paths.Contains(path) && !newNames.Contains(listed.Text))
            {
                Warn(listed, $"installedFilesTemplate names {listed.Text}, which is not in hostfs");
            }
            else if (exports.HostFiles.Any(f => f.Path == path && f.File.Kind != ImageFileKind.Regular))
            {
                Warn(listed, $"installedFilesTemplate names {listed.Text}, which is no regular file");
            }
        }

        foreach ((string variable, LocatedJson value) in manifest["defaultValues"]?.Members ?? [])
        {
            if (TemplateValues.IsForced(variable))
            {
                Warn(value, $"defaultValues has {variable}, whose value is always given by sysctr");
            }
            else if (!exports.Mentions(variable) && !TemplateValues.IsComputed(variable))
            {
                Warn(value, $"defaultValues has {variable}, which no template mentions");
            }
        }

        void Warn(LocatedJson at, string text) => findings.Warning(ManifestPath, at.Position, text);
    }

    /// <summary>The manifest as a text whose renameFiles are templates; empty where there is none.</summary>
    public static ExportFile Text(IImageFiles files) =>
        files.Find(ManifestPath) is { } file
            ? ImageExports.ReadTemplate(files, file with { Path = ManifestPath }, TemplateKind.Plain)
            : new ExportFile(ManifestPath, TemplateKind.Plain, "", []);
}
