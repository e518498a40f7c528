// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Referrers;

/// <summary>Predicate types of in-toto (its predicates directory) by the short names that people use.</summary>
static class SbomTypes
{
    private static readonly Dictionary<string, string[]> s_names = new(StringComparer.Ordinal)
    {
        ["spdx"] = ["https://spdx.dev/Document", "text/spdx", "text/spdx+json", "text/spdx+xml", "spdx+json"],
        ["cyclonedx"] = ["https://cyclonedx.org/bom", "https://cyclonedx.org/schema", "application/vnd.cyclonedx"],
        ["slsaprovenance"] = ["https://slsa.dev/provenance/"],
    };

    /// <summary>The short names.</summary>
    public static IReadOnlyCollection<string> Names => s_names.Keys;

    /// <summary>Whether a type is a bill of materials.</summary>
    public static bool IsSbom(string type) => Is(type, "spdx") || Is(type, "cyclonedx");

    /// <summary>Whether a type is what was asked for: itself, or of a short name.</summary>
    public static bool Is(string type, string wanted) =>
        type == wanted
        || (
            s_names.TryGetValue(wanted, out string[]? prefixes)
            && prefixes.Any(p => type.StartsWith(p, StringComparison.Ordinal))
        );
}
