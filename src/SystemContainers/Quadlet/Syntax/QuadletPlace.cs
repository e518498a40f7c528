// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Syntax;

/// <summary>Where something stands, for messages.</summary>
/// <param name="File">As the user would open it.</param>
/// <param name="Line">From 1; 0 for the file as a whole.</param>
sealed record QuadletPlace(string File, int Line = 0)
{
    /// <summary><c>FILE:LINE</c>.</summary>
    public override string ToString() => Line == 0 ? File : $"{File}:{Line}";
}
