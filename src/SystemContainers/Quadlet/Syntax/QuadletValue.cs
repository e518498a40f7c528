// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Syntax;

/// <summary>A text of a file, and where it stands.</summary>
/// <param name="Text">Continuation lines joined.</param>
/// <param name="Place">Its first line.</param>
sealed record QuadletValue(string Text, QuadletPlace Place);
