// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Pull.Trust;

namespace SystemContainers.Trust;

/// <summary>What a rule of policy.json is about.</summary>
/// <param name="Transport">Of whose scopes it is; null for <c>default</c>.</param>
/// <param name="Scope">As containers-policy.json(5) has it; the empty one is all of the transport.</param>
sealed record TrustScope(string? Transport, string Scope)
{
    private const string Default = "default";

    /// <summary>Reads <c>default</c>, <c>quay.io/team</c>, or <c>TRANSPORT:SCOPE</c> of another transport than
    /// docker.</summary>
    /// <param name="text">As it was typed.</param>
    /// <param name="transport">Given by an option; null for docker.</param>
    /// <exception cref="SysctrException">Usage: it can hold no image.</exception>
    public static TrustScope Parse(string text, string? transport)
    {
        if (text == Default && transport is null)
        {
            return new TrustScope(null, "");
        }

        TrustScope scope = new(transport ?? "docker", text == "*" ? "" : text);
        return PolicyScopes.Fault(scope.Transport!, scope.Scope) is { } fault
            ? throw new SysctrException(
                ErrorKind.Usage,
                $"reading the scope '{text}' of {scope.Transport}: {fault}",
                "write default, HOST[/REPOSITORY[:TAG]], *.DOMAIN, or another transport's by --transport; see containers-policy.json(5)"
            )
            : scope;
    }

    /// <summary>As messages show it.</summary>
    public override string ToString() =>
        Transport is null ? Default
        : Scope.Length == 0 ? $"all of {Transport}:"
        : Transport == "docker" ? Scope
        : $"{Transport}:{Scope}";
}
