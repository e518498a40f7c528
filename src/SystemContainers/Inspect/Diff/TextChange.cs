// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tree;

namespace SystemContainers.Inspect.Diff;

/// <summary>A text that a deployment writes and that differs from another one's.</summary>
/// <param name="Path">Absolute on the host, or <c>config.json</c>.</param>
/// <param name="Kind">Whether it came, changed or went.</param>
/// <param name="Diff">The difference in the unified format of diff(1), a line each.</param>
sealed record TextChange(string Path, TreeChangeKind Kind, IReadOnlyList<string> Diff)
{
    /// <returns>Null where the two are the same.</returns>
    public static TextChange? Of(string path, DeploymentView before, DeploymentView after)
    {
        string? old = before.Texts.GetValueOrDefault(path);
        string? now = after.Texts.GetValueOrDefault(path);
        string below = path.TrimStart('/');
        return old == now
            ? null
            : new TextChange(
                path,
                old is null ? TreeChangeKind.Added
                    : now is null ? TreeChangeKind.Deleted
                    : TreeChangeKind.Changed,
                TextDiff.Unified($"{before.Label}/{below}", $"{after.Label}/{below}", old, now)
            );
    }
}
