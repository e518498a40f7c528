// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.RegularExpressions;

namespace SystemContainers.Runtime.Holes;

/// <summary>The upstream version of a runtime, as far as releases are told apart.</summary>
/// <param name="Major">1 of 1.4.0-rc.3.</param>
/// <param name="Minor">4: the series, which gets fixes of its own.</param>
/// <param name="Patch">0.</param>
/// <param name="Candidate">3; null for a release.</param>
sealed partial record RuntimeVersion(int Major, int Minor, int Patch, int? Candidate = null)
{
    /// <summary>
    /// Reads what a runtime says of itself, or what a package is called: <c>1.4.0-rc.3</c>, <c>1.0.0-rc93+dev</c>,
    /// <c>1.1.5+ds1</c>, <c>1:1.0.0~rc93+ds1-5</c>, <c>1.28</c>. What a distribution or a build adds does not count.
    /// </summary>
    /// <returns>Null where it begins with no version.</returns>
    public static RuntimeVersion? Parse(string text)
    {
        Match match = Pattern().Match(text.Trim());
        return match.Success && Number(match.Groups["major"]) is { } major && Number(match.Groups["minor"]) is { } minor
            ? new RuntimeVersion(major, minor, Number(match.Groups["patch"]) ?? 0, Number(match.Groups["rc"]))
            : null;
    }

    /// <summary>Whether this one is the other or came after it; a candidate comes before its release.</summary>
    public bool IsAtLeast(RuntimeVersion other) =>
        (Major, Minor, Patch, Candidate ?? int.MaxValue).CompareTo(
            (other.Major, other.Minor, other.Patch, other.Candidate ?? int.MaxValue)
        ) >= 0;

    /// <summary>Whether both are of one line of releases.</summary>
    public bool IsOfSeries(RuntimeVersion other) => (Major, Minor) == (other.Major, other.Minor);

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Major}.{Minor}.{Patch}{(Candidate is { } rc ? $"-rc.{rc}" : "")}"
        );

    private static int? Number(Group group) =>
        int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    // Debian writes '~' where upstream has '-', for it sorts before nothing (deb-version(7)).
    [GeneratedRegex(
        @"^(\d+:)?v?(?<major>\d+)\.(?<minor>\d+)(\.(?<patch>\d+))?([-~]rc\.?(?<rc>\d+))?",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Pattern();
}
