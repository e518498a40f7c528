// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Templates;

/// <summary>How the text of a file below /exports is to be read.</summary>
enum TemplateKind
{
    /// <summary>As it is: no placeholders.</summary>
    Plain,

    /// <summary><c>*.template</c>: Python's string.Template, <c>$NAME</c>.</summary>
    Legacy,

    /// <summary><c>*.sbn</c>: Scriban, <c>{{ NAME }}</c>.</summary>
    Scriban,
}
