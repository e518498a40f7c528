// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Inspect.Images;

/// <summary>One line of <c>sysctr images list</c>; an element of the array that <c>--json</c> prints.</summary>
/// <param name="Name">The image as a full reference.</param>
/// <param name="Id">The digest of its configuration.</param>
/// <param name="Digest">The digest of its manifest.</param>
/// <param name="Layers">How many layers it has.</param>
/// <param name="PulledAt">When it was pulled; of one that only containers hold, when the first of them was
/// installed.</param>
/// <param name="UsedBy">The containers that were installed from it, or mount its files.</param>
/// <param name="Size">Bytes of its files, unpacked, each once.</param>
/// <param name="Named">Whether the store keeps it by this name; else only containers hold it, which were installed from
/// it by that name.</param>
sealed record ImageReport(
    string Name,
    string Id,
    string Digest,
    int Layers,
    DateTimeOffset PulledAt,
    IReadOnlyList<string> UsedBy,
    long Size,
    bool Named
);
