// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Rights;
using SystemContainers.State;

namespace SystemContainers.Inspect;

/// <summary>One line of <c>sysctr list</c>; an element of the array that <c>--json</c> prints.</summary>
/// <param name="Image">The image as a full reference.</param>
/// <param name="ImageId">The digest of the image's configuration.</param>
/// <param name="Deployment">The deployment's number, from 0.</param>
/// <param name="InUse">It is the one that the container runs from; <c>list --all</c> alone shows others.</param>
/// <param name="Pinned">No prune removes it.</param>
/// <param name="State">systemd's ActiveState of the main unit: active, inactive, failed, activating, deactivating;
/// "unknown" where no systemd answers.</param>
/// <param name="Enabled">systemd's UnitFileState of the main unit: enabled, disabled, static, masked …; "unknown" where
/// no systemd answers.</param>
/// <param name="Runtime">Path of the OCI runtime.</param>
/// <param name="AutoUpdate">Whether it is updated when nobody asks: disabled, registry.</param>
/// <param name="Held">The update that waits for a grant; null for none.</param>
/// <param name="Failed">The last update that was rolled back because its image was not well; null for none.</param>
sealed record ContainerReport(
    string Name,
    string Image,
    string ImageId,
    int Deployment,
    bool InUse,
    bool Pinned,
    string State,
    string Enabled,
    string Runtime,
    DateTimeOffset InstalledAt,
    AutoUpdatePolicy AutoUpdate,
    HeldUpdate? Held,
    FailedUpdate? Failed
);
