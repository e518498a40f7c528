// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Tree;

namespace SystemContainers.Inspect.Diff;

/// <summary>A difference for people: texts as diff(1) prints them, then values, then files as <c>podman diff</c> does,
/// with what changed.</summary>
static class DiffText
{
    /// <summary>The lines; none where nothing differs.</summary>
    public static IEnumerable<string> Lines(DeploymentDiff diff) =>
        [
            .. diff.Texts.SelectMany(t => t.Diff),
            .. diff.Values.Select(v => $"V {v.Name}: {Quoted(v.From)} to {Quoted(v.To)}"),
            .. (diff.Files ?? []).Select(File),
        ];

    private static string File(TreeChange change) =>
        change.Kind switch
        {
            TreeChangeKind.Added => $"A {change.Path}",
            TreeChangeKind.Deleted => $"D {change.Path}",
            _ => $"C {change.Path} ({string.Join(", ", change.What)})",
        };

    private static string Quoted(string? text) => text is null ? "nothing" : $"\"{text}\"";
}
