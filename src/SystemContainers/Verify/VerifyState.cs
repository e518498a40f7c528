// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Verify;

/// <summary>What came of one check.</summary>
enum VerifyState
{
    /// <summary>All is as it should be.</summary>
    Ok,

    /// <summary>The source has another image now.</summary>
    Newer,

    /// <summary>Nobody can tell.</summary>
    Unknown,

    /// <summary>It is not as it should be.</summary>
    Failed,
}
