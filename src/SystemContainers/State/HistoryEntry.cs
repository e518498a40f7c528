// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Rights;

namespace SystemContainers.State;

/// <summary>
/// What happened to one container, or to one image of the store: a line of <c>history.jsonl</c>, an element of the
/// array that <c>history --json</c> prints. A transaction over several containers leaves an entry for each.
/// </summary>
sealed record HistoryEntry
{
    /// <summary>When the operation began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took, in seconds; null for what another process ended.</summary>
    public double? Seconds { get; init; }

    /// <summary>What was asked for, in the verb's own words: install, update, rollback, uninstall, images delete
    /// …</summary>
    public required string Operation { get; init; }

    /// <summary>The container's name; null where it was about the store's images.</summary>
    public string? Container { get; init; }

    /// <summary>The image that was pulled or deleted; null where it was about a container, or about what no image
    /// needed.</summary>
    public HistoryImage? Image { get; init; }

    /// <summary>What an <c>images prune</c> removed beside names; else null.</summary>
    public HistoryRemoval? Removed { get; init; }

    /// <summary>Who asked for it.</summary>
    public required HistoryActor By { get; init; }

    /// <summary>The deployment in use before; null where there was none.</summary>
    public HistoryDeployment? From { get; init; }

    /// <summary>The deployment that it was about; null where the container goes, or where it failed before one was
    /// known.</summary>
    public HistoryDeployment? To { get; init; }

    /// <summary>How it ended.</summary>
    public required HistoryOutcome Outcome { get; init; }

    /// <summary>Why it failed or was rolled back; null where it was done.</summary>
    public string? Reason { get; init; }

    /// <summary>Of a held update the rights that its image gained; else null.</summary>
    public IReadOnlyList<Right>? Rights { get; init; }

    /// <summary>Classes of rights that were granted with it; null for none.</summary>
    public IReadOnlyList<string>? Granted { get; init; }

    /// <summary>The exit code that stands for the reason (<see cref="Errors.ErrorKind"/>; 130: interrupted); 0 where it
    /// was done.</summary>
    public int ExitCode { get; init; }

    /// <summary>The file with what the failed start wrote to the journal, kept for the container's last few; null where
    /// nothing was started.</summary>
    public string? Journal { get; init; }

    /// <summary>Whether its process was cut off, and a later one ended what it had begun.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Recovered { get; init; }

    /// <summary>What it was about, in a word for messages.</summary>
    [JsonIgnore]
    public string Subject => Container ?? Image?.Reference ?? "the store";

    /// <summary>Whether it is about what a user calls by a name: a container's, or an image's full reference, with or
    /// without its transport.</summary>
    public bool IsAbout(string name) =>
        Container is not null
            ? Container == name
            : Image is not null && (Image.Reference == name || Image.Reference == "docker://" + name);

    /// <summary>The transaction's ID, the same for all containers of it; null where none was begun.</summary>
    public string? Transaction { get; init; }
}

/// <summary>How an operation ended.</summary>
[JsonConverter(typeof(HistoryOutcomeConverter))]
enum HistoryOutcome
{
    /// <summary>The host is as it was asked for.</summary>
    Done,

    /// <summary>It failed before anything of the host was changed, or left the rest to the next call of
    /// sysctr.</summary>
    Failed,

    /// <summary>It failed or was cut off, and what it had changed is as it was before.</summary>
    RolledBack,

    /// <summary>It waits for somebody to grant what its image gained; nothing was changed.</summary>
    Held,
}
