// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Files;

/// <summary>A line of a file that is written.</summary>
/// <param name="Section">Without brackets.</param>
/// <param name="Key">What stands before the equals sign.</param>
/// <param name="Text">What stands behind it, escaped.</param>
/// <param name="Origin">What it is a translation of, as messages name it.</param>
sealed record ConvertedLine(string Section, string Key, string Text, string Origin);
