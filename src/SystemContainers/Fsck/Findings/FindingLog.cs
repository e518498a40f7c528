// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Fsck.Findings;

/// <summary>What a check has found so far. Safe from several threads.</summary>
sealed class FindingLog
{
    private readonly List<Finding> _findings = [];

    /// <summary>By kind and path.</summary>
    public IReadOnlyList<Finding> Sorted()
    {
        lock (_findings)
        {
            return
            [
                .. _findings
                    .OrderBy(f => f.Severity)
                    .ThenBy(f => f.Kind, StringComparer.Ordinal)
                    .ThenBy(f => f.Path, StringComparer.Ordinal),
            ];
        }
    }

    public void Error(string kind, string path, string text, string? advice) =>
        Add(new Finding(FindingSeverity.Error, kind, path, text, advice));

    public void Note(string kind, string path, string text, string? advice = null) =>
        Add(new Finding(FindingSeverity.Note, kind, path, text, advice));

    public void Add(Finding finding)
    {
        lock (_findings)
        {
            _findings.Add(finding);
        }
    }
}
