// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>An option of podman-run(1) that an install and an update take, with podman's meaning.</summary>
/// <param name="Name">Without dashes: <c>env</c>.</param>
/// <param name="ValueName">What help calls its value.</param>
/// <param name="Help">A sentence.</param>
sealed record SettingOption(string Name, string ValueName, string Help)
{
    /// <summary>A letter that says the same; null for none.</summary>
    public char? Letter { get; init; }

    /// <summary>Whether it can be given several times, and each counts.</summary>
    public bool IsList { get; init; }

    /// <summary>Of a list: whether a value may be several, with commas between them.</summary>
    public bool HasCommas { get; init; }

    /// <summary>Of a list: whether what one call gives stands for all that earlier calls gave.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Of a list: what two values have in common of which the later one replaces the earlier, such as a
    /// variable's name.</summary>
    public Func<string, string> Key { get; init; } = static value => value;

    /// <summary>Of a list: whether values of one <see cref="Key"/> all count that one call gives. They replace what an
    /// earlier one gave.</summary>
    public bool CountsTogether { get; init; }

    /// <summary>Whether it may stand without a value, and says <c>true</c> then.</summary>
    public bool IsFlag { get; init; }

    /// <summary>
    /// What several options say in ways of their own, such as what is mounted on a directory: of two values with one
    /// key only the later counts, whichever option said it. Null for an option that is alone.
    /// </summary>
    public string? Subject { get; init; }

    /// <summary>Where it is carried out.</summary>
    public SettingPlace Place { get; init; } = SettingPlace.Configuration;

    /// <summary>The values that stand in one.</summary>
    /// <exception cref="FormatException">A quotation mark is not closed.</exception>
    public IReadOnlyList<string> Split(string value) => HasCommas ? CommaWords.Split(value) : [value];

    /// <summary>One of them, as it is said again.</summary>
    public string Said(string value) => HasCommas ? CommaWords.Join([value]) : value;

    /// <summary>Throws a <see cref="FormatException"/> that says what is wrong with a value; what it returns is thrown
    /// away.</summary>
    public Func<string, object?> Check { get; init; } = static value => value;
}
