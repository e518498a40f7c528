// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>How a limit's values compare.</summary>
enum UnitLimitKind
{
    /// <summary>A share among others: nothing is exceeded where it does not hold, and a template's own line
    /// stays.</summary>
    Share,

    /// <summary>The less the stricter: bytes, tasks, per cent.</summary>
    Amount,

    /// <summary>A set of processors or memory nodes.</summary>
    Set,

    /// <summary>A rate for one device; a unit may have several.</summary>
    Rate,
}
