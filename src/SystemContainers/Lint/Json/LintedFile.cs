// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Templates;

namespace SystemContainers.Lint.Json;

/// <summary>A template and what it rendered to.</summary>
/// <param name="Template">Of the image.</param>
/// <param name="Text">Rendered.</param>
sealed record LintedFile(ExportFile Template, string Text)
{
    private readonly Lazy<LineMap> _lines = new(() => LineMap.Of(Template, Text));

    /// <summary>The template's path in the image.</summary>
    public string Path => Template.Path;

    /// <summary>From lines of <see cref="Text"/> to lines of the template.</summary>
    public LineMap Lines => _lines.Value;

    /// <summary>The template's place for one of the text.</summary>
    public TextPosition At(TextPosition rendered) => Lines.ToTemplate(rendered);
}
