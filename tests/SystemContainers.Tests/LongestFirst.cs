// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tests;
using SystemContainers.Tests.Logins;
using SystemContainers.Tests.Pull.Chunked;
using SystemContainers.Tests.Pull.Referrers;
using SystemContainers.Tests.Pull.Signatures;
using SystemContainers.Tests.Store;
using SystemContainers.Tests.Systemd;
using Xunit;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace SystemContainers.Tests;

/// <summary>By what they took, alone on two cores.</summary>
public sealed class LongestFirst()
    : LongestCollectionsFirst(
        nameof(SignatureOracleTests),
        nameof(CosignOracleTests),
        nameof(RealLoginTests),
        nameof(ChunkedInteropTests),
        nameof(VolumeSeedTests),
        nameof(StoreFaultTests)
    );
