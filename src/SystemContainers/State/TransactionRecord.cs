// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.State;

/// <summary>
/// An intent record, <c>transactions/ID.json</c>: what is about to happen to the host. It is durable before the first
/// change and removed after the last. Whoever finds one that no process holds ends it: an uninstall, a change of a
/// record and what was committed are finished, anything else is rolled back.
/// </summary>
/// <param name="Changes">What happens to each container.</param>
/// <param name="Purge">Whether an uninstall removes the state directories.</param>
/// <param name="All">Whether a prune removes the images that no container uses: those of
/// <see cref="Images"/>.</param>
sealed record TransactionRecord(
    TransactionKind Operation,
    IReadOnlyList<ContainerChange> Changes,
    bool Purge = false,
    bool All = false
)
{
    /// <summary>Whose it is and since when; null in records of versions that kept no history.</summary>
    public HistoryOrigin? Origin { get; init; }

    /// <summary>The names that a prune removes, with what they meant when it began: a name that came after it is
    /// nobody's to remove. Null in records of versions that did not say which; then none is.</summary>
    public IReadOnlyList<HistoryImage>? Images { get; init; }

    /// <summary>Networks that it changes, each as its file had it before (<c>NetworkDefinition</c>): a rollback puts
    /// them back before what ran starts again. Those that it makes are not among them: one that nobody uses yet is
    /// taken as it is by the next call. None in records of versions that did not keep them.</summary>
    public IReadOnlyList<string> Networks
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The operation in the verb's own word.</summary>
    [JsonIgnore]
    public string Verb =>
        Operation == TransactionKind.Record ? "a change of its record" : Operation.ToString().ToLowerInvariant();

    /// <summary>Whether it changes the store alone, and no container.</summary>
    [JsonIgnore]
    public bool IsOfStore => Operation is TransactionKind.Pull or TransactionKind.Prune;

    /// <summary>Whether it is what somebody whose disk is full is left with, and so may have the room that is kept for
    /// that: it gives room back, or goes back to what is there.</summary>
    [JsonIgnore]
    public bool MayTakeReserve =>
        Operation is TransactionKind.Uninstall or TransactionKind.Prune or TransactionKind.Rollback;

    /// <summary>Why a record that was read can't be one of ours; null where it can. What it names is written and
    /// removed, so that nothing of it is guessed.</summary>
    [JsonIgnore]
    public string? Complaint =>
        !Enum.IsDefined(Operation) ? "it is of no operation that this sysctr knows"
        : Changes is null || Changes.Any(c => c is null) ? "it names no containers"
        : Changes.Any(c => !c.IsOf(Operation)) ? $"its deployments are not those of {Article(Operation)}"
        : Images?.Any(i => i?.Reference is null) == true ? "it names an image without a name"
        : null;

    /// <summary>The containers by name.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Names => [.. Changes.Select(c => c.Name)];

    /// <summary>New containers.</summary>
    public static TransactionRecord Install(IEnumerable<ContainerRecord> containers) =>
        new(TransactionKind.Install, [.. containers.Select(c => new ContainerChange(null, c))]);

    /// <summary>Containers that go.</summary>
    public static TransactionRecord Uninstall(IEnumerable<ContainerRecord> containers, bool purge) =>
        new(TransactionKind.Uninstall, [.. containers.Select(c => new ContainerChange(c, null))], purge);

    /// <summary>Layers, blobs and a ref that come.</summary>
    public static TransactionRecord Pull() => new(TransactionKind.Pull, []);

    /// <summary>What nothing names goes.</summary>
    /// <param name="images">The names that go first; none where names stay.</param>
    public static TransactionRecord Prune(IReadOnlyList<HistoryImage> images) =>
        new(TransactionKind.Prune, [], All: images.Count > 0) { Images = images };

    /// <summary>A deployment's record that gets another content.</summary>
    public static TransactionRecord OfRecord(ContainerRecord before, ContainerRecord after) =>
        new(TransactionKind.Record, [new ContainerChange(before, after)]);

    /// <summary>An operation with its article, for messages.</summary>
    internal static string Article(TransactionKind operation) =>
        operation switch
        {
            TransactionKind.Install => "an install",
            TransactionKind.Uninstall => "an uninstall",
            TransactionKind.Update => "an update",
            TransactionKind.Apply => "an apply",
            TransactionKind.Pull => "a pull",
            TransactionKind.Prune => "a prune",
            TransactionKind.Record => "a change of its record",
            _ => "a rollback",
        };

    /// <summary>Whether the container of that name is part of it.</summary>
    public bool Involves(string name) => Changes.Any(c => c.Name == name);
}

/// <summary>What happens to one container: at least one of the two deployments is there.</summary>
/// <param name="Before">The deployment in use; null where there is none yet.</param>
/// <param name="After">The deployment that comes into use; null where the container goes.</param>
sealed record ContainerChange(ContainerRecord? Before, ContainerRecord? After)
{
    // A record that another version wrote may lack a list: what JSON does not name it leaves null.

    /// <summary>The units of <see cref="Before"/> that ran, in the order in which they are stopped.</summary>
    public IReadOnlyList<string> Running
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>What was wrong with units of <see cref="Before"/>, a sentence each; of no use to whoever ends the
    /// transaction of another.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Troubles { get; init; } = [];

    /// <summary>The units of a new container that are started with it; none where it is only installed.</summary>
    public IReadOnlyList<string> Started
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>Units of others that run and that systemd stops with those of <see cref="Before"/>; they run again in
    /// the end.</summary>
    public IReadOnlyList<string> Dependents
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The unit files of <see cref="Before"/> that somebody had edited; they are moved aside.</summary>
    public IReadOnlyList<string> Edited
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>Of a roll-back that is not over: whether the units of <see cref="Before"/> are back and started again,
    /// and nothing but files is left to be put back.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsBack { get; init; }

    /// <summary>Host files of <see cref="Before"/> whose new version lies beside them as the image has it; where that
    /// has gone, it is laid there again when this is rolled back.</summary>
    public IReadOnlyList<string> Beside
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The same of those where somebody had edited what lies beside; where that was moved aside, it comes
    /// back.</summary>
    public IReadOnlyList<string> EditedBeside
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>State directories of <see cref="After"/> that are neither there nor claimed yet; they go again when it
    /// is rolled back.</summary>
    public IReadOnlyList<string> NewState
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The container.</summary>
    [JsonIgnore]
    public string Name => (After ?? Before)!.Name;

    /// <summary>Whether it has the deployments that an operation changes, and they are of one container.</summary>
    public bool IsOf(TransactionKind operation) =>
        (
            operation is TransactionKind.Apply
                ? Before is not null || After is not null
                : Before is null == (operation is TransactionKind.Install)
                    && After is null == (operation is TransactionKind.Uninstall)
        )
        && (Before?.IsUsable ?? true)
        && (After?.IsUsable ?? true)
        && (Before is null || After is null || Before.Name == After.Name);
}

enum TransactionKind
{
    /// <summary>New containers: rolled back when it breaks off.</summary>
    Install,

    /// <summary>New deployments of containers: rolled back when it breaks off before the commit.</summary>
    Update,

    /// <summary>Back to deployments that are there: rolled back when it breaks off before the commit.</summary>
    Rollback,

    /// <summary>Containers go: finished when it breaks off.</summary>
    Uninstall,

    /// <summary>An image gets into the store: what is left of it without a name goes when it breaks off; whole layers
    /// stay.</summary>
    Pull,

    /// <summary>What nothing names is removed from the store: finished when it breaks off.</summary>
    Prune,

    /// <summary>A deployment's record changes, and nothing else: finished when it breaks off.</summary>
    Record,

    /// <summary>
    /// Containers come, get new deployments and go, all of them or none: rolled back when it breaks off before the
    /// commit; those that go only stop before it, and are removed after it.
    /// </summary>
    Apply,
}
