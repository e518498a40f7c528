// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Templates;

/// <summary>The one way from a template to text, whichever language it is in.</summary>
static class TemplateText
{
    /// <summary>Checks a text and finds what it mentions.</summary>
    /// <exception cref="Errors.SysctrException">Template: it does not parse.</exception>
    public static ExportFile Read(string path, TemplateKind kind, string text) =>
        new(
            path,
            kind,
            text,
            kind switch
            {
                TemplateKind.Legacy => LegacyTemplate.Variables(path, text),
                TemplateKind.Scriban => ScribanTemplate.Variables(path, text),
                _ => [],
            }
        );

    /// <summary>The text with the values in their places.</summary>
    /// <param name="budget">Of the image; null where a template stands for itself.</param>
    /// <exception cref="Errors.SysctrException">Template: a variable has no value, or the template exceeds a
    /// limit.</exception>
    public static string Render(
        ExportFile file,
        IReadOnlyDictionary<string, string> values,
        RenderBudget? budget = null
    ) =>
        file.Kind switch
        {
            TemplateKind.Legacy => (budget ?? new RenderBudget()).Spend(
                file.Path,
                () => LegacyTemplate.Render(file.Path, file.Text, values)
            ),
            TemplateKind.Scriban => ScribanTemplate.Render(file.Path, file.Text, values, budget),
            _ => file.Text,
        };
}
