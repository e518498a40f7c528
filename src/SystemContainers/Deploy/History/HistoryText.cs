namespace SystemContainers.Deploy;

/// <summary>Parts of an entry in words, for the terminal and the journal.</summary>
static class HistoryText
{
    /// <summary>Number and digest, <c>1@e524a8dc406a</c>; a dash for none.</summary>
    public static string Deployment(HistoryDeployment? deployment) =>
        deployment is null ? "-" : $"{deployment.Deployment}@{Oci.Digest.Parse(deployment.Digest).Short}";

    /// <summary>The outcome as --json has it.</summary>
    public static string Word(HistoryOutcome outcome) => outcome switch
    {
        HistoryOutcome.Done => "done",
        HistoryOutcome.Failed => "failed",
        _ => "takenBack",
    };

    /// <summary>How it ended, and the first line of why, in one line.</summary>
    public static string Outcome(HistoryEntry entry) => entry.Outcome switch
    {
        HistoryOutcome.Done => entry.Recovered ? "done, after it was cut off" : "done",
        HistoryOutcome.Failed => $"failed ({entry.ExitCode}): {FirstLine(entry.Reason)}",
        _ => $"taken back ({entry.ExitCode}): {FirstLine(entry.Reason)}{(entry.Journal is null ? "" : $"; see {entry.Journal}")}",
    };

    private static string? FirstLine(string? reason) => reason?.Split('\n')[0];
}
