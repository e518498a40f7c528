// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Runtime.Holes;

/// <summary>What is known of a runtime on a host.</summary>
/// <param name="Path">Absolute, as the host sees it.</param>
/// <param name="Program"><c>runc</c>, <c>crun</c>, or what it calls itself; null where it said nothing.</param>
/// <param name="Version">As it or its package says; null where neither does.</param>
/// <param name="Package">The package whose changelog was read, or could not be; null for none.</param>
/// <param name="Basis">By what it was judged, for people.</param>
/// <param name="Unknown">Holes of which nobody can tell.</param>
sealed record RuntimeExamination(
    string Path,
    string? Program,
    string? Version,
    string? Package,
    string Basis,
    IReadOnlyList<KnownHole> Open,
    IReadOnlyList<KnownHole> Unknown
)
{
    /// <summary>Whether holes of this program are known at all: of any other, nothing can be said.</summary>
    public bool IsKnown => KnownHole.All.Any(h => h.Program == Program);

    /// <summary>What it said of itself, where it was asked; runtimes name there what they were built with.</summary>
    public string Answer { get; init; } = "";

    /// <summary>It and its version.</summary>
    public string Name => $"{Path} {Version ?? "of an unknown version"}";

    /// <summary>One line for whoever is about to run a container with it; null where there is nothing to say.</summary>
    public string? Warning
    {
        get
        {
            string open = string.Join(", ", Open.Select(h => h.Id));
            string unknown = string.Join(", ", Unknown.Select(h => h.Id));
            return (Open.Count, Unknown.Count) switch
            {
                (0, 0) => null,
                ( > 0, 0) =>
                    $"{Name} has known holes, by which an image or payload can reach the host: {open}; 'sysctr doctor' says more",
                (0, > 0) =>
                    $"{Name} may have known holes, by which an image or payload can reach the host: {unknown}; 'sysctr doctor' says more",
                _ =>
                    $"{Name} has known holes, by which an image or payload can reach the host: {open}, perhaps {unknown}; 'sysctr doctor' says more",
            };
        }
    }
}
