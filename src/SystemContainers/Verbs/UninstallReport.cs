// SPDX-License-Identifier: Apache-2.0

using SystemContainers.State;

namespace SystemContainers.Verbs;

/// <summary>A container that is gone; an element of the array that <c>sysctr uninstall --json</c> prints.</summary>
/// <param name="Name">The container.</param>
/// <param name="From">The deployment that was in use.</param>
/// <param name="Stopped">Units of others that stopped with it.</param>
/// <param name="Purged">Directories that were removed with what was in them.</param>
/// <param name="Kept">Files and directories that had to do with it and are still there.</param>
sealed record UninstallReport(
    string Name,
    HistoryDeployment From,
    IReadOnlyList<string> Stopped,
    IReadOnlyList<string> Purged,
    IReadOnlyList<string> Kept
);
