// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.State;

namespace SystemContainers.Transactions;

/// <summary>
/// What becomes of a file of the host, by what stands there: for <see cref="HostFileSwitch"/>, which does it, and for a
/// plan, which tells it.
/// </summary>
static class HostFileDecision
{
    /// <summary>A file that shall be there.</summary>
    /// <param name="there">Digest of what is there; null for nothing.</param>
    /// <param name="file">What shall be there.</param>
    /// <param name="known">What the deployment that is replaced has put there; null for nothing.</param>
    /// <param name="own">A unit or tmpfiles, not a file of the image.</param>
    /// <param name="isWhole">Whether what is there has owner, mode and attributes of what shall be there, too.</param>
    public static HostFileAction OnPut(
        Digest? there,
        InstalledFile file,
        InstalledFile? known,
        bool own,
        bool isWhole = false
    )
    {
        if (there == file.Sha256 && (isWhole || known?.IsSameAs(file) == true))
        {
            return HostFileAction.Unchanged;
        }

        return there is null ? HostFileAction.Create
            : there == file.Sha256 || there == known?.Sha256 ? HostFileAction.Replace
            : own ? HostFileAction.ReplaceEdited
            : known?.Sha256 != file.Sha256 ? HostFileAction.LayBeside
            : HostFileAction.KeepEdited;
    }

    /// <summary>A file that shall not be there any more.</summary>
    /// <param name="there">Digest of what is there; null for nothing.</param>
    /// <param name="file">What was put there.</param>
    /// <param name="own">A unit or tmpfiles, not a file of the image.</param>
    public static HostFileAction OnRemove(Digest? there, InstalledFile file, bool own) =>
        there is null ? HostFileAction.Unchanged
        : there == file.Sha256 ? HostFileAction.Delete
        : own ? HostFileAction.SetAside
        : HostFileAction.LeaveEdited;
}
