// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Fsck.Findings;

/// <summary>What findings tell to do.</summary>
static class FsckAdvice
{
    /// <summary>For what is mended from what the store or the host has.</summary>
    public const string Repair = "'sysctr fsck --repair' mends it";

    /// <summary>For what has to come from the registry again.</summary>
    public const string Fetch = "'sysctr fsck --repair' fetches it again";

    /// <summary>For what nothing needs.</summary>
    public const string Remove = "'sysctr fsck --repair' removes it";

    /// <summary>For what the next call of any verb does.</summary>
    public const string NextCall = "the next install, update or uninstall ends it, or 'sysctr fsck --repair'";
}
