// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Requirements;

/// <summary>What a file requires for a scope.</summary>
/// <param name="File">Which one.</param>
/// <param name="Scope">As containers-policy.json(5) has them for docker.</param>
/// <param name="All">All of them have to be met.</param>
sealed record StatementRule(string File, string Scope, IReadOnlyList<StatementRequirement> All);
