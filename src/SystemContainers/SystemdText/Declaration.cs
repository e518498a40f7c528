// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.SystemdText;

/// <summary>The file that declares a container, and what it wants of the container's unit.</summary>
/// <param name="File">Absolute, as the host sees it.</param>
/// <param name="Lines">For the main unit, in order.</param>
sealed record Declaration(string File, IReadOnlyList<UnitLine> Lines)
{
    /// <summary>How many deployments stay, by the file; null for the host's setting.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Keep { get; init; }

    /// <summary>Whether two ask for the same unit.</summary>
    public bool HasSameLines(Declaration other) => Lines.SequenceEqual(other.Lines);
}
