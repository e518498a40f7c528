// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Doctor.Facts;

namespace SystemContainers.Doctor;

/// <summary>All that <c>sysctr doctor</c> found; the object that <c>--json</c> prints.</summary>
/// <param name="Checks">In the order in which they are shown.</param>
sealed record DoctorReport(IReadOnlyList<DoctorFinding> Checks)
{
    public int Problems => Count(DoctorLevel.Problem);

    public int Warnings => Count(DoctorLevel.Warning);

    public int Unknown => Count(DoctorLevel.Unknown);

    /// <summary>The last line for people.</summary>
    [JsonIgnore]
    public string Summary =>
        $"{Count(DoctorLevel.Ok)} ok, {Warnings} warning{(Warnings == 1 ? "" : "s")}, {Problems} problem{(Problems == 1 ? "" : "s")}"
        + (Unknown == 0 ? "" : $", {Unknown} not known");

    private int Count(DoctorLevel level) => Checks.Count(c => c.Level == level);
}
