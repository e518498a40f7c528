// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Doctor.Facts;

/// <summary>A line of what <c>sysctr doctor</c> says.</summary>
/// <param name="Check">What was looked at: a word that keeps its meaning between versions (sysctr(1)).</param>
/// <param name="Found">What was found, in one line.</param>
/// <param name="Remedy">What to do; null where there is nothing to do.</param>
sealed record DoctorFinding(string Check, DoctorLevel Level, string Found, string? Remedy = null)
{
    /// <summary>The parts of it, a line each; for a runtime its known holes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<string> Details { get; init; } = [];

    public static DoctorFinding Ok(string check, string found) => new(check, DoctorLevel.Ok, found);

    public static DoctorFinding Unknown(string check, string found, string? remedy = null) =>
        new(check, DoctorLevel.Unknown, found, remedy);

    public static DoctorFinding Warning(string check, string found, string remedy) =>
        new(check, DoctorLevel.Warning, found, remedy);

    public static DoctorFinding Problem(string check, string found, string remedy) =>
        new(check, DoctorLevel.Problem, found, remedy);

    /// <summary>The lines for people.</summary>
    [JsonIgnore]
    public IEnumerable<string> Lines =>
        [
            $"{Level.ToString().ToLowerInvariant(), -8} {Check, -14} {Found}",
            .. Details.Select(d => $"{"", -23} - {d}"),
            .. Remedy is null ? (string[])[] : [$"{"", -23} > {Remedy}"],
        ];
}
