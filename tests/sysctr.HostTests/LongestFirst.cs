// SPDX-License-Identifier: Apache-2.0

using SystemContainers.HostTests;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace SystemContainers.HostTests;

/// <summary>
/// The collections that take longest begin first, so that none of them runs alone while the other places stay empty at
/// the end. Those that are not named here begin last.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    /// <summary>In order of what they are estimated to take, from times of some of their classes; a class without a
    /// collection is a collection by its name.</summary>
    private static readonly string[] s_long =
    [
        WildHost.Name,
        Machine.Name,
        nameof(Faults.OfflineKillTests),
        InstallingHost.Name,
        FleetOfHosts.Name,
        nameof(Faults.OfflineFailureTests),
        UserHost.Name,
        PageHost.Name,
        OrdinaryHost.Name,
        AnsibleHost.Name,
        SmallDiskHost.Name,
        nameof(Faults.UserFaultTests),
        RunningHost.Name,
        HealthHost.Name,
        SourcesHost.Name,
        CheckedHost.Name,
        LegacyHost.Name,
        nameof(Faults.BootRecoveryTests),
    ];

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
    private static int Place(string name)
    {
        int place = Array.FindIndex(s_long, l => name == l || name.Contains($".{l} ", StringComparison.Ordinal));
        return place < 0 ? s_long.Length : place;
    }
}
