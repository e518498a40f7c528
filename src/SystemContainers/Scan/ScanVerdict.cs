// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Scan;

/// <summary>What came of a scan.</summary>
enum ScanVerdict
{
    /// <summary>The scanner looked at all and found nothing.</summary>
    Clean,

    /// <summary>It found something.</summary>
    Found,

    /// <summary>It did not come to an end that says either.</summary>
    Failed,
}
