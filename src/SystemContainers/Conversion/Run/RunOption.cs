// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Conversion.Run;

/// <summary>An option of docker run or podman run, and what becomes of it.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Carry">Translates it.</param>
sealed record RunOption(string Name, Action<RunConverter, GivenOption> Carry)
{
    /// <summary>A letter that says the same; null for none.</summary>
    public char? Letter { get; init; }

    /// <summary>Names that say the same, with blanks between them.</summary>
    public string Aliases { get; init; } = "";

    /// <summary>Whether it stands without a value, or with <c>=true</c> and <c>=false</c>.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Whether podman takes several values with commas between them.</summary>
    public bool HasCommas { get; init; }
}
