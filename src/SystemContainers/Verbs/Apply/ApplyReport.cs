// SPDX-License-Identifier: Apache-2.0

using SystemContainers.State;

namespace SystemContainers.Verbs.Apply;

/// <summary>What became of a container, or would; an object of <c>apply --json</c>.</summary>
/// <param name="Name">The container.</param>
/// <param name="Action">What was done.</param>
/// <param name="File">The file that declares it; of one that goes, the file that did.</param>
/// <param name="From">The deployment before; null for none.</param>
/// <param name="To">The deployment after; null for none, and where it is not known without the image.</param>
sealed record ApplyReport(string Name, ApplyAction Action, string File, HistoryDeployment? From, HistoryDeployment? To);
