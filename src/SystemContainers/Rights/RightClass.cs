// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Rights;

/// <summary>A kind of right.</summary>
/// <param name="Name">One word in lower case with hyphens.</param>
/// <param name="Level">What it takes to have it.</param>
/// <param name="Means">What it is, in words for people.</param>
sealed record RightClass(string Name, RightLevel Level, string Means);

/// <summary>A right as reports show it.</summary>
/// <param name="Class">The class's name.</param>
/// <param name="Detail">What exactly.</param>
/// <param name="Level">What it takes to have it.</param>
/// <param name="Means">What the class is, in words for people.</param>
sealed record RightReport(string Class, string Detail, RightLevel Level, string Means)
{
    public static RightReport Of(Right right) =>
        new(
            right.Class,
            right.Detail,
            right.LevelOf(),
            RightClasses.Find(right.Class)?.Means ?? "of a later version of sysctr"
        );

    public static IReadOnlyList<RightReport> Of(IEnumerable<Right> rights) => [.. rights.Select(Of)];
}
