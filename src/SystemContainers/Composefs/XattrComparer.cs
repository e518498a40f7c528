// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using SystemContainers.Linux.Files;

namespace SystemContainers.Composefs;

/// <summary>Attributes by name and value. The hash is randomly seeded: no image can choose attributes that
/// collide.</summary>
sealed class XattrComparer : IEqualityComparer<FileXattr>
{
    public static readonly XattrComparer Instance = new();

    public bool Equals(FileXattr? x, FileXattr? y) =>
        ReferenceEquals(x, y)
        || (
            x is not null
            && y is not null
            && x.Name.AsSpan().SequenceEqual(y.Name)
            && x.Value.AsSpan().SequenceEqual(y.Value)
        );

    public int GetHashCode([DisallowNull] FileXattr obj)
    {
        HashCode hash = default;
        hash.Add(obj.Name.Length);
        hash.AddBytes(obj.Name);
        hash.AddBytes(obj.Value);
        return hash.ToHashCode();
    }
}
