// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.State;

/// <summary>A deployment as the history names it; it may be gone since.</summary>
/// <param name="Deployment">Its number, from 0.</param>
/// <param name="Image">The image as a full reference.</param>
/// <param name="Digest">The digest of the image's manifest.</param>
sealed record HistoryDeployment(int Deployment, string Image, string Digest)
{
    /// <returns>Null for no deployment.</returns>
    public static HistoryDeployment? Of(ContainerRecord? record) =>
        record is null ? null : new(record.Deployment, record.Image, record.ManifestDigest.ToString());
}
