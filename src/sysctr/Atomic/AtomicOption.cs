// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Atomic;

/// <summary>An option of an atomic verb.</summary>
/// <param name="Names">As they are typed, <c>--name</c>, <c>-n</c>.</param>
/// <param name="Ours">Our option; null where it has no meaning any more and is left out.</param>
/// <param name="HasValue">Whether a value follows it.</param>
sealed record AtomicOption(string[] Names, string? Ours, bool HasValue = false)
{
    /// <summary>The values that it may have, with ours; null for any, as it is. A null value leaves the option
    /// out.</summary>
    public IReadOnlyDictionary<string, string?>? Values { get; init; }

    /// <summary>Our verb in place of the one that the verb's own words would be; the option itself is gone
    /// then.</summary>
    public string[]? Verb { get; init; }

    /// <summary>Another option of ours that goes with it.</summary>
    public string? With { get; init; }

    /// <summary>What to use instead, for an option that we do not have.</summary>
    public string? Instead { get; init; }

    /// <summary>One that is there with the same name and meaning.</summary>
    public static AtomicOption Same(string name, bool hasValue = false) => new([name], name, hasValue);

    /// <summary>One without a meaning any more.</summary>
    public static AtomicOption Dropped(params string[] names) => new(names, Ours: null);

    /// <summary>One that we do not have.</summary>
    public static AtomicOption Refused(string name, string instead) => new([name], Ours: null) { Instead = instead };
}
