// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.RegularExpressions;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Systemd;

/// <summary>How much of the host a service could reach, as systemd-analyze security(1) counts it.</summary>
/// <param name="Total">From 0, nothing, to 10.</param>
/// <param name="Missing">The settings that are not made, and what each would take away; the largest first.</param>
sealed partial record UnitExposure(decimal Total, IReadOnlyList<(string Setting, decimal Points)> Missing)
{
    /// <summary>Measures a service that is not on the host.</summary>
    /// <param name="units">All units and drop-ins of the container.</param>
    /// <param name="cancellation">Ends systemd-analyze.</param>
    /// <returns>Null where systemd is too old to look at a file (before 250).</returns>
    public static async Task<UnitExposure?> MeasureAsync(
        IReadOnlyList<(string FileName, string Text)> units,
        string service,
        CancellationToken cancellation
    )
    {
        using UnitScratch scratch = await UnitScratch.WriteAsync(units, cancellation);
        ProcessResult result = await ProcessRunner.RunAsync(
            "systemd-analyze",
            ["security", "--offline=true", "--no-pager", scratch.Loadable(service)],
            cancellation
        );
        return Read(result.Output);
    }

    /// <summary>Reads the table that systemd-analyze prints. Its JSON lacks the total, which is no sum of the rounded
    /// rows.</summary>
    internal static UnitExposure? Read(string table) =>
        Overall().Match(table) is { Success: true } overall
            ? new UnitExposure(
                Number(overall),
                [
                    .. Row()
                        .Matches(table)
                        .Select(row => (row.Groups["setting"].Value, Points: Number(row)))
                        .OrderByDescending(row => row.Points),
                ]
            )
            : null;

    private static decimal Number(Match match) =>
        decimal.Parse(match.Groups["points"].ValueSpan, CultureInfo.InvariantCulture);

    // A mark, whose character depends on the locale, the setting, what it means, and the points where there are any.
    [GeneratedRegex(
        @"^\S+[ ](?<setting>\S*=\S*)[ ]{2,}.*[ ](?<points>\d+\.\d)[ ]*$",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.NonBacktracking
    )]
    private static partial Regex Row();

    [GeneratedRegex(
        @"Overall exposure level for .*: (?<points>\d+\.\d)\b",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Overall();
}
