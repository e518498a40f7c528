// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>A line that somebody wants in a unit: as it is to stand there, specifiers and quotes and all.</summary>
/// <param name="Section">Without brackets.</param>
/// <param name="Key">What stands before the equals sign.</param>
/// <param name="Value">What stands behind it; one line.</param>
sealed record UnitLine(string Section, string Key, string Value);
