// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Fsck.Findings;

namespace SystemContainers.Fsck;

/// <summary>What a repair did, by path; a later check says what came of it.</summary>
sealed class RepairLog
{
    private readonly Dictionary<string, string> _done = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _failed = new(StringComparer.Ordinal);

    /// <summary>Says what was done about a path: "fetched again from X".</summary>
    public void Done(string path, string what) => _done[path] = what;

    /// <summary>Says why a path could not be mended.</summary>
    public void Failed(string path, string why) => _failed[path] = why;

    /// <summary>What was found and is gone, as mended; and what is still there, with the reason.</summary>
    public IReadOnlyList<Finding> Merge(IEnumerable<Finding> found, IReadOnlyList<Finding> left)
    {
        HashSet<(string Kind, string Path)> there = [.. left.Select(f => (f.Kind, f.Path))];
        IEnumerable<Finding> mended = found
            .Where(f => f.Kind != FindingKind.NotChecked && !there.Contains((f.Kind, f.Path)))
            .DistinctBy(f => (f.Kind, f.Path))
            .Select(f => f with { Mended = true, Advice = Find(_done, f.Path) });
        return [.. left.Select(f => f with { Advice = Find(_failed, f.Path) ?? f.Advice }), .. mended];
    }

    /// <summary>The word for a path, or for the directory above that was dealt with as a whole.</summary>
    private static string? Find(Dictionary<string, string> words, string path)
    {
        for (string? at = path; at is not null; at = Path.GetDirectoryName(at))
        {
            if (words.TryGetValue(at, out string? word))
            {
                return word;
            }
        }

        return null;
    }
}
