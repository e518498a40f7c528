// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Rights;

/// <summary>Something that an installed image can do to its host beyond running in its own corner of it.</summary>
/// <param name="Class">The name of a <see cref="RightClass"/>; words of JSON, options and sysctr.toml, so they never
/// change.</param>
/// <param name="Detail">
/// What exactly: a path, a capability, a line of a unit. What differs between any two deployments stands in it as a
/// variable (<c>$DESTDIR</c>, <c>$IMAGE_ID</c>), so that the same right of two deployments is equal.
/// </param>
sealed record Right(string Class, string Detail)
{
    /// <summary>Ends the class of a bind mount that may be written to; without it the same class may only be
    /// read.</summary>
    public const string Write = "-write";

    /// <summary>The detail of a capability that stands for all that a host has.</summary>
    public const string All = "all";

    /// <summary>What its class is known to be. A class of a later version, in a record that this one reads, counts as
    /// dangerous.</summary>
    public RightLevel LevelOf() => RightClasses.Find(Class)?.Level ?? RightLevel.Dangerous;

    /// <summary>Whether who has this right gains nothing by the other: it is the same, or the same place for reading
    /// alone.</summary>
    public bool Covers(Right other) =>
        this == other
        || (Detail == other.Detail && Class == other.Class + Write)
        || (Detail == All && Class == other.Class);

    /// <summary>As messages have it.</summary>
    public override string ToString() => Detail.Length == 0 ? Class : $"{Class} ({Detail})";
}
