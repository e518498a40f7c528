// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Render;
using SystemContainers.SystemdText;

namespace SystemContainers.Prepared;

/// <summary>What the host itself needs of a tree that only a start mounts.</summary>
static class CheckoutSeeds
{
    /// <summary>The paths in the tree that lines of tmpfiles.d(5) copy from, such as the first content of a volume.</summary>
    /// <param name="rendered">The container.</param>
    /// <param name="rootfs">Where its tree would be, as its units and lines name it.</param>
    /// <returns>Null where something else of it names the tree: it has to be on disk.</returns>
    public static IReadOnlyList<string>? Of(RenderedContainer rendered, string rootfs)
    {
        if (rendered.Units.Any(u => u.Text.Contains(rootfs, StringComparison.Ordinal)) || rendered.TmpfilesOnce.Any(l => $"{l}".Contains(rootfs, StringComparison.Ordinal)))
        {
            return null;
        }

        TmpfilesLine[] lines = [.. TmpfilesSyntax.Parse(rendered.Tmpfiles ?? "").Where(l => $"{l} {l.Argument}".Contains(rootfs, StringComparison.Ordinal))];
        return lines.All(l => l is { Error: null, Type: 'C', Argument: { } argument } && argument.StartsWith(rootfs + "/", StringComparison.Ordinal) && !l.Path.StartsWith(rootfs, StringComparison.Ordinal))
            ? [.. lines.Select(l => l.Argument![rootfs.Length..])]
            : null;
    }
}
