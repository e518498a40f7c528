// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Syntax;

/// <summary>An assignment of a file.</summary>
/// <param name="Section">Without brackets.</param>
/// <param name="Key">What stands before the equals sign.</param>
/// <param name="Value">What stands behind it.</param>
sealed record QuadletLine(string Section, string Key, QuadletValue Value);
