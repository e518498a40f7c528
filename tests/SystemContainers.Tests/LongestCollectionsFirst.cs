// SPDX-License-Identifier: Apache-2.0

using Xunit.Sdk;
using Xunit.v3;

namespace SystemContainers.Tests;

/// <summary>
/// The collections that take longest begin first, so that none of them runs alone while the other places stay empty at
/// the end. Those that are not named begin last.
/// </summary>
/// <param name="longest">Collections by name, and classes without a collection, which are one each, by theirs.</param>
public abstract class LongestCollectionsFirst(params string[] longest) : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections
    )
        where TTestCollection : ITestCollection =>
        [
            .. testCollections
                .OrderBy(c => Place(c.TestCollectionDisplayName))
                .ThenBy(c => c.TestCollectionDisplayName, StringComparer.Ordinal),
        ];

    /// <summary>A class's own collection is called "Test collection for NAMESPACE.CLASS (id: …)".</summary>
    private int Place(string name)
    {
        int place = Array.FindIndex(longest, l => name == l || name.Contains($".{l} ", StringComparison.Ordinal));
        return place < 0 ? longest.Length : place;
    }
}
