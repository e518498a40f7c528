// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Inspect.Space;

/// <summary>What uses the space of the store; the object that <c>sysctr df --json</c> prints. All sizes are
/// bytes.</summary>
/// <param name="Store">The store's directory.</param>
/// <param name="Total">Size of its file system.</param>
/// <param name="Free">What of it is free to everybody.</param>
/// <param name="Files">How many files the store has, each once, whatever number of images and deployments share
/// it.</param>
/// <param name="Bytes">What these take on the disk, in blocks.</param>
/// <param name="Images">By name, those that a name or a deployment keeps.</param>
/// <param name="Containers">By name.</param>
/// <param name="Prunable">What <c>sysctr prune</c> would free: old deployments, and what nothing needs.</param>
/// <param name="PrunableAll">What <c>sysctr images prune --all</c> would free: images that no container uses, and what
/// nothing needs.</param>
sealed record SpaceReport(
    string Store,
    long Total,
    long Free,
    int Files,
    long Bytes,
    IReadOnlyList<ImageSpace> Images,
    IReadOnlyList<ContainerSpace> Containers,
    long Prunable,
    long PrunableAll
);

/// <summary>What an image takes.</summary>
/// <param name="Names">Full references; the containers' where no name keeps it.</param>
/// <param name="Id">The digest of the configuration.</param>
/// <param name="Bytes">Its files.</param>
/// <param name="Shared">What of these another image has too.</param>
/// <param name="UsedBy">The containers that were made of it, or mount its files; theirs are the same ones on the
/// disk.</param>
sealed record ImageSpace(IReadOnlyList<string> Names, string Id, long Bytes, long Shared, IReadOnlyList<string> UsedBy);

/// <summary>What a container takes beside its image.</summary>
/// <param name="Name">The container.</param>
/// <param name="Deployments">How many it has.</param>
/// <param name="Bytes">What is theirs alone: directories, copies, records.</param>
/// <param name="State">What is in its state directories.</param>
sealed record ContainerSpace(string Name, int Deployments, long Bytes, long State);
