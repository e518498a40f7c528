namespace SystemContainers.Deploy;

/// <summary>One line of <c>sysctr images list</c>; an element of the array that <c>--json</c> prints.</summary>
/// <param name="Name">The image as a full reference.</param>
/// <param name="Id">The digest of its configuration.</param>
/// <param name="Digest">The digest of its manifest.</param>
/// <param name="Layers">How many layers it has.</param>
/// <param name="PulledAt">When it was pulled.</param>
/// <param name="UsedBy">The containers that were installed from it.</param>
sealed record ImageReport(
    string Name,
    string Id,
    string Digest,
    int Layers,
    DateTimeOffset PulledAt,
    IReadOnlyList<string> UsedBy);
