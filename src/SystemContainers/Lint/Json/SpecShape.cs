// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Lint.Json;

/// <summary>What a value of a JSON document has to be: a type, and what is allowed of it.</summary>
sealed record SpecShape(SpecType Type)
{
    public static SpecShape Any { get; } = new(SpecType.Any);

    public static SpecShape Text { get; } = new(SpecType.Text);

    public static SpecShape AbsolutePath { get; } = new(SpecType.Path);

    public static SpecShape Flag { get; } = new(SpecType.Flag);

    public static SpecShape Int { get; } = Number(int.MinValue, int.MaxValue);

    public static SpecShape Long { get; } = Number(long.MinValue, long.MaxValue);

    public static SpecShape UInt { get; } = Number(0, uint.MaxValue);

    public static SpecShape ULong { get; } = Number(0, ulong.MaxValue);

    public static SpecShape Texts { get; } = List(Text);

    /// <summary>The texts that are allowed; none: every text is. One that ends in <c>*</c> allows what begins like
    /// it.</summary>
    public IReadOnlyList<string> Values { get; private init; } = [];

    /// <summary>Of a number.</summary>
    public decimal Least { get; private init; }

    /// <summary>Of a number.</summary>
    public decimal Most { get; private init; }

    /// <summary>What the items of a list, or the values of a map, have to be.</summary>
    public SpecShape? Item { get; private init; }

    /// <summary>The members that an object may have.</summary>
    public IReadOnlyDictionary<string, SpecShape> Members { get; private init; } = new Dictionary<string, SpecShape>();

    /// <summary>The members that it has to have.</summary>
    public IReadOnlyList<string> Required { get; private init; } = [];

    public static SpecShape OneOf(params string[] values) => Text with { Values = values };

    public static SpecShape Number(decimal least, decimal most) => new(SpecType.Number) { Least = least, Most = most };

    public static SpecShape List(SpecShape item) => new(SpecType.List) { Item = item };

    public static SpecShape Map(SpecShape value) => new(SpecType.Map) { Item = value };

    /// <summary>An object; the names of members that it has to have end in <c>!</c>.</summary>
    public static SpecShape Object(params (string Name, SpecShape Shape)[] members) =>
        new(SpecType.Object)
        {
            Members = members.ToDictionary(m => m.Name.TrimEnd('!'), m => m.Shape, StringComparer.Ordinal),
            Required = [.. members.Where(m => m.Name.EndsWith('!')).Select(m => m.Name.TrimEnd('!'))],
        };
}

/// <summary>The types of a <see cref="SpecShape"/>.</summary>
enum SpecType
{
    /// <summary>Not looked into.</summary>
    Any,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A string that is an absolute path.</summary>
    Path,

    /// <summary>true or false.</summary>
    Flag,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>An array of like values.</summary>
    List,

    /// <summary>An object whose members are data.</summary>
    Map,

    /// <summary>An object whose members are known.</summary>
    Object,
}
