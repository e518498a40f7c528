// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Verbs.Transfer;

/// <summary>An image that was pushed, copied or saved; what <c>--json</c> of these verbs prints.</summary>
/// <param name="Destination">Where it is now.</param>
/// <param name="Digest">The digest that it has there; null where the destination has no manifests.</param>
/// <param name="SourceDigest">The digest that it had where it is from; another one where its layers were packed
/// anew.</param>
/// <param name="Images">How many images, those of an index one by one.</param>
/// <param name="Blobs">How many blobs were sent; null where the destination is the store, of whose layers a pull may
/// fetch parts.</param>
/// <param name="Bytes">Their bytes; null as <paramref name="Blobs"/>.</param>
/// <param name="Present">How many blobs were there already; null as <paramref name="Blobs"/>.</param>
sealed record TransferReport(
    string Source,
    string Destination,
    string? Digest,
    string? SourceDigest,
    int Images,
    int? Blobs,
    long? Bytes,
    int? Present
)
{
    /// <summary>How many manifests of what is attached to it were copied along.</summary>
    public int Attached { get; init; }
}
