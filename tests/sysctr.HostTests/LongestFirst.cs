// SPDX-License-Identifier: Apache-2.0

using SystemContainers.HostTests;
using SystemContainers.Tests;
using Xunit;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace SystemContainers.HostTests;

/// <summary>By what they took, three beside each other on two cores.</summary>
public sealed class LongestFirst()
    : LongestCollectionsFirst(
        OrdinaryHost.Name,
        UserHost.Name,
        Machine.Name,
        WildHost.Name,
        HealthHost.Name,
        FleetOfHosts.Name,
        nameof(Faults.BootedFaultTests),
        InstallingHost.Name,
        RunningHost.Name,
        CheckedHost.Name,
        SmallDiskHost.Name,
        PageHost.Name,
        nameof(Faults.OfflineTerminationTests),
        nameof(Faults.OfflineKillTests),
        SourcesHost.Name,
        nameof(Faults.OfflineSignalTests),
        nameof(Faults.OfflineMountedTests),
        PackagedHost.Name,
        nameof(Faults.UserFaultTests)
    );
