// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Syntax;

/// <summary>A text of a file, and where it stands.</summary>
/// <param name="Text">Continuation lines joined.</param>
/// <param name="Place">Its first line.</param>
sealed record QuadletValue(string Text, QuadletPlace Place)
{
    /// <summary>Whether a variable of it is the host's to say, which is not looked at: nothing can be said of the
    /// value.</summary>
    public bool IsOpen { get; init; }
}
