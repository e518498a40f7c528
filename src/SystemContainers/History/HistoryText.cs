// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Rights;
using SystemContainers.State;

namespace SystemContainers.History;

/// <summary>Parts of an entry in words, for the terminal and the journal.</summary>
static class HistoryText
{
    /// <summary>Number and digest, <c>1@e524a8dc406a</c>; a dash for none.</summary>
    public static string Deployment(HistoryDeployment? deployment) =>
        deployment is null ? "-" : $"{deployment.Deployment}@{Oci.Digest.Parse(deployment.Digest).Short}";

    /// <summary>What there was before: of a container the deployment, of an image the manifest's digest.</summary>
    public static string From(HistoryEntry entry) =>
        entry.Image is { } image ? Digest(image.From) : Deployment(entry.From);

    /// <summary>What there is now.</summary>
    public static string To(HistoryEntry entry) => entry.Image is { } image ? Digest(image.To) : Deployment(entry.To);

    /// <summary>The image that it was about, or whose deployment; a dash for none.</summary>
    public static string Image(HistoryEntry entry) => entry.Image?.Reference ?? (entry.To ?? entry.From)?.Image ?? "-";

    /// <summary>How it ended, and the first line of why, in one line.</summary>
    public static string Outcome(HistoryEntry entry) =>
        entry.Outcome switch
        {
            HistoryOutcome.Done when entry.Removed is { } removed =>
                $"done: removed {removed.Layers} layers and {removed.Files} files, {ByteSize.Text(removed.Bytes)}",
            HistoryOutcome.Done when entry.Granted is { Count: > 0 } granted =>
                $"done, granted {string.Join(", ", granted)}",
            HistoryOutcome.Done => entry.Recovered ? "done, after it was cut off" : "done",
            HistoryOutcome.Held => $"held ({entry.ExitCode}): {RightsText.Joined(entry.Rights ?? [])}",
            HistoryOutcome.Failed => $"failed ({entry.ExitCode}): {FirstLine(entry.Reason)}",
            _ =>
                $"rolled back ({entry.ExitCode}): {FirstLine(entry.Reason)}{(entry.Journal is null ? "" : $"; see {entry.Journal}")}",
        };

    private static string Digest(string? digest) => digest is null ? "-" : Oci.Digest.Parse(digest).Short;

    private static string? FirstLine(string? reason) => reason?.Split('\n')[0];
}
