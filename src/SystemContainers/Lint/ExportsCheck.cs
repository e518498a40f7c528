// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Lint.Json;
using SystemContainers.Oci;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>Reads every file of /exports by itself: size, encoding, and whether it is of its language.</summary>
static class ExportsCheck
{
    private const string Directory = "/exports";

    private static readonly string[] s_known = ["config.json", "tmpfiles", "manifest.json", "hostfs"];

    public static void Run(IImageFiles files, LintFindings findings)
    {
        foreach (string name in files.List(Directory))
        {
            string path = $"{Directory}/{name}";
            (TemplateKind kind, string plain) = ImageExports.Language(name);
            bool known = s_known.Contains(plain, StringComparer.Ordinal) || UnitNaming.TrySplit(plain, out _, out _);
            if (!known || name == "tmpfiles")
            {
                findings.Note(
                    path,
                    new TextPosition(1, 1),
                    "nothing of the kind is looked for in /exports; it has no effect"
                );
            }
            else if (name != "hostfs" && files.Find(path) is { } file)
            {
                Read(files, file with { Path = path }, name == "manifest.json" ? null : kind, findings);
            }
        }
    }

    private static void Read(IImageFiles files, ImageFile file, TemplateKind? kind, LintFindings findings)
    {
        try
        {
            ExportFile read = ImageExports.ReadTemplate(files, file, kind ?? TemplateKind.Plain);
            if (kind is null)
            {
                _ = ExportManifest.Read(file.Path, read.Text);
            }
        }
        catch (SysctrException e)
        {
            findings.Refused(e, file.Path);
        }
    }
}
