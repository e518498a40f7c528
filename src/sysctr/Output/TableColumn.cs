// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Output;

/// <param name="Heading">Its name.</param>
sealed record TableColumn(string Heading)
{
    /// <summary>When it is left out of a table that is too wide: the highest first, 0 never.</summary>
    public int Dispensable { get; init; }

    /// <summary>The least that its cells are cut to, an ellipsis among it; 0: they are never cut.</summary>
    public int Least { get; init; }

    /// <summary>As <see cref="Least"/>, once all columns that can be left out are: of so narrow a terminal it is better
    /// than a line that breaks.</summary>
    public int LeastLeft { get; init; }

    /// <summary>Whether cells are cut in front, as of an image whose name and tag stand at the end.</summary>
    public bool KeepsEnd { get; init; }

    /// <summary>Whether cells are numbers, which stand at the right.</summary>
    public bool IsNumber { get; init; }

    /// <summary>Whether cells are states, which have colours.</summary>
    public bool IsState { get; init; }

    /// <summary>A column that is always there and whole.</summary>
    public static implicit operator TableColumn(string heading) => new(heading);
}
