// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Lint.Json;

/// <summary>A finding, with the place where an author would mend it.</summary>
/// <param name="File">Path in the image; of a directory, the path on disk.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Text">What it is, in one line.</param>
sealed record LintMessage(string File, int Line, int Column, LintSeverity Severity, string Text)
{
    /// <summary><c>FILE:LINE:COL: error: text</c>, as compilers write it and editors read it.</summary>
    public override string ToString() => $"{File}:{Line}:{Column}: {Severity.ToString().ToLowerInvariant()}: {Text}";
}
