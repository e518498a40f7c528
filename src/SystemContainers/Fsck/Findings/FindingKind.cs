// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Fsck.Findings;

/// <summary>What can be wrong; the words stand in the output and in <c>--json</c>, and keep their meaning between
/// versions (sysctr(1)).</summary>
static class FindingKind
{
    public const string MissingObject = "missing-object";
    public const string CorruptObject = "corrupt-object";

    /// <summary>A file in objects/ that no layer names: what a pull that was cut off has left.</summary>
    public const string OrphanObject = "orphan-object";

    public const string MissingLayer = "missing-layer";
    public const string CorruptLayer = "corrupt-layer";
    public const string MissingBlob = "missing-blob";
    public const string CorruptBlob = "corrupt-blob";

    /// <summary>A ref that can't be read.</summary>
    public const string BrokenRef = "broken-ref";

    /// <summary>An intent record that no process holds.</summary>
    public const string InterruptedTransaction = "interrupted-transaction";

    /// <summary>What a dead process was adding to the store, or writing.</summary>
    public const string Leftover = "leftover";

    /// <summary>A deployment that nothing can use: put together half-way, without a record, or named by
    /// nothing.</summary>
    public const string OrphanDeployment = "orphan-deployment";

    /// <summary><c>current</c> names no deployment, or is gone though the host has a deployment's units.</summary>
    public const string DanglingCurrent = "dangling-current";

    /// <summary>A record that can't be read, of a deployment in use or of all containers.</summary>
    public const string BrokenRecord = "broken-record";

    /// <summary>A rootfs that is not what the image's layers say.</summary>
    public const string CorruptRootfs = "corrupt-rootfs";

    /// <summary>config.json, or the copy that a deployment keeps of a file for the host.</summary>
    public const string CorruptDeployment = "corrupt-deployment";

    /// <summary>A unit, tmpfiles.d or image's file that is gone from the host.</summary>
    public const string MissingFile = "missing-file";

    /// <summary>One that is not as we wrote it.</summary>
    public const string EditedFile = "edited-file";

    /// <summary>A unit that was enabled at its install and is not now.</summary>
    public const string NotEnabled = "not-enabled";

    /// <summary>What a live process works on, or what can't be judged as things are.</summary>
    public const string NotChecked = "not-checked";
}
