// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Trust.Requirements;

namespace SystemContainers.Pull.Trust;

/// <summary>What decides about an image: a list of a policy file.</summary>
/// <param name="File">The policy file; that which would be there where a host has none.</param>
/// <param name="Transport">Of whose scopes it is; null for <c>default</c>.</param>
/// <param name="Scope">The scope; the empty one is all of the transport.</param>
/// <param name="Requirements">All of them have to hold; at least one.</param>
/// <param name="IsBuiltIn">Whether there is no file, so that everything is accepted.</param>
sealed record PolicyRule(
    string File,
    string? Transport,
    string Scope,
    IReadOnlyList<PolicyRequirement> Requirements,
    bool IsBuiltIn = false
)
{
    /// <summary>The rule by its name: <c>default</c>, <c>all of docker:</c>, <c>quay.io/team</c>.</summary>
    public string Name =>
        Transport is null ? "default"
        : Scope.Length == 0 ? $"all of {Transport}:"
        : Scope;
}
