// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Templates;

/// <summary>One text below /exports that the renderer works on.</summary>
/// <param name="Path">Absolute path in the image; what error messages name.</param>
/// <param name="Kind">Which template language it is in.</param>
/// <param name="Text">The content; at most <see cref="Oci.OciLimits.MaxTemplateBytes"/> bytes of UTF-8.</param>
/// <param name="Variables">The variables that it mentions, in ordinal order; none for a plain file.</param>
sealed record ExportFile(string Path, TemplateKind Kind, string Text, IReadOnlyList<string> Variables);
