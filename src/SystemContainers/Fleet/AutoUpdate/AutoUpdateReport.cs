// SPDX-License-Identifier: Apache-2.0

using SystemContainers.State;

namespace SystemContainers.Fleet.AutoUpdate;

/// <summary>One line of <c>sysctr auto-update</c>; an element of the array that <c>--json</c> prints.</summary>
/// <param name="Name">The container.</param>
/// <param name="Unit">Its main unit.</param>
/// <param name="Image">The image as a full reference.</param>
/// <param name="Policy">Why it was looked at.</param>
/// <param name="Result">What became of it.</param>
/// <param name="Reason">Why it failed, or which right it is held for; else null.</param>
/// <param name="ExitCode">What an update of this container alone would have exited with.</param>
sealed record AutoUpdateReport(
    string Name,
    string Unit,
    string Image,
    AutoUpdatePolicy Policy,
    AutoUpdateResult Result,
    string? Reason = null,
    int ExitCode = 0
);
