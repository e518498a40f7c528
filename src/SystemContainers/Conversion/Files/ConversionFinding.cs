// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Files;

/// <summary>What is to be said of something that was translated, or was not; an object of <c>from --json</c>.</summary>
/// <param name="Place">What it is of: an option as it was typed, or FILE:LINE and a key.</param>
/// <param name="Lost">Whether it has no counterpart, so that what is written does less.</param>
/// <param name="Text">What becomes of it, and why.</param>
/// <param name="Advice">What to do; null for nothing further.</param>
sealed record ConversionFinding(string Place, bool Lost, string Text, string? Advice)
{
    /// <summary>One line.</summary>
    public override string ToString() => $"{Place}: {Text}";
}
