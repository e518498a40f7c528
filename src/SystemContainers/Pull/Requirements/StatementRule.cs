// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Requirements;

/// <summary>What a file requires for a scope.</summary>
/// <param name="Scope">As containers-policy.json(5) has them for docker.</param>
/// <param name="All">All of them have to be met.</param>
/// <param name="SealedTree">The image's manifest has to name the digest of its whole tree.</param>
sealed record StatementRule(string File, string Scope, IReadOnlyList<StatementRequirement> All, bool SealedTree = false)
{
    /// <summary>Each requirement in words.</summary>
    public IReadOnlyList<string> Words =>
        [
            .. All.Select(s => $"a signed statement of type {s.PredicateType}"),
            .. SealedTree ? ["a manifest that names the digest of its whole tree"] : Array.Empty<string>(),
        ];
}
