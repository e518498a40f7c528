// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Atomic;

/// <param name="Words">As it is typed, <c>containers update</c>.</param>
/// <param name="Ours">Our words for it; empty where we have none.</param>
/// <param name="Options">Those that it takes.</param>
sealed record AtomicVerb(string Words, string[] Ours, params AtomicOption[] Options)
{
    /// <summary>What to use instead, for a verb that we do not have.</summary>
    public string? Instead { get; init; }

    /// <summary>Our words where a command to execute follows the name; null where none may.</summary>
    public string[]? WithCommand { get; init; }

    /// <summary>Whether its operands are places to copy from and to.</summary>
    public bool TakesPlaces { get; init; }

    /// <summary>A verb that we do not have.</summary>
    public static AtomicVerb Refused(string words, string instead) => new(words, []) { Instead = instead };
}
