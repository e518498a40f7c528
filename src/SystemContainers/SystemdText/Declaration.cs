// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>The file that declares a container, and what it wants of the container's unit.</summary>
/// <param name="File">Absolute, as the host sees it.</param>
/// <param name="Lines">For the main unit, in order.</param>
sealed record Declaration(string File, IReadOnlyList<UnitLine> Lines)
{
    /// <summary>Whether two ask for the same unit.</summary>
    public bool HasSameLines(Declaration other) => Lines.SequenceEqual(other.Lines);
}
