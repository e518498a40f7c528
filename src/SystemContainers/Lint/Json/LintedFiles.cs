// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Render.Request;
using SystemContainers.Templates;

namespace SystemContainers.Lint.Json;

/// <summary>The image's templates that rendered, each by itself, so that one with a fault does not hide
/// another's.</summary>
sealed record LintedFiles
{
    /// <summary>Null: the image has none, or it did not render.</summary>
    public LintedFile? Config { get; private init; }

    /// <summary>Null: the image has none, or it did not render.</summary>
    public LintedFile? Tmpfiles { get; private init; }

    /// <summary>The units, by the names that they would have.</summary>
    public IReadOnlyDictionary<string, LintedFile> Units { get; private init; } = new Dictionary<string, LintedFile>();

    /// <summary>Renders all templates of an image.</summary>
    public static LintedFiles Render(RenderRequest request, LintFindings findings)
    {
        TemplateValues values = TemplateValues.Of(request);
        ImageExports exports = request.Exports;
        foreach (ExportHostFile file in exports.HostFiles)
        {
            _ = One(file.Template, lines: false);
        }

        Dictionary<string, LintedFile> units = new(StringComparer.Ordinal);
        foreach (ExportUnit unit in exports.Units)
        {
            if (One(unit.File, lines: true) is { } rendered)
            {
                units[unit.UnitName(request.Name)] = rendered;
            }
        }

        return new LintedFiles
        {
            Config = One(exports.Config, lines: false),
            Tmpfiles = One(exports.Tmpfiles, lines: true),
            Units = units,
        };

        LintedFile? One(ExportFile? file, bool lines)
        {
            if (file is null)
            {
                return null;
            }

            try
            {
                if (lines)
                {
                    values.CheckForLines(file);
                }

                return new LintedFile(file, TemplateText.Render(file, lines ? values.ForLines : values.Texts));
            }
            catch (SysctrException e)
            {
                findings.Refused(e, file.Path);
                return null;
            }
        }
    }

    /// <summary>Whether a template has a fault that would stop the rendering of the whole.</summary>
    public static bool HaveErrors(ImageExports exports, LintFindings findings) =>
        exports
            .Units.Select(u => u.File)
            .Append(exports.Config)
            .Append(exports.Tmpfiles)
            .Concat(exports.HostFiles.Select(f => f.Template))
            .OfType<ExportFile>()
            .Any(f => findings.HasErrorsIn(f.Path));
}
