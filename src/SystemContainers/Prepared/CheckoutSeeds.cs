// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Oci;
using SystemContainers.Render;
using SystemContainers.SystemdText;
using SystemContainers.Units;

namespace SystemContainers.Prepared;

/// <summary>What the host itself needs of a tree that only a start mounts.</summary>
static partial class CheckoutSeeds
{
    /// <summary>The paths in the tree that lines of tmpfiles.d(5) copy from, such as the first content of a
    /// volume.</summary>
    /// <param name="rootfs">Where its tree would be, as its units and lines name it.</param>
    /// <returns>Null where something else of it names the tree: it has to be on disk.</returns>
    public static IReadOnlyList<string>? Of(RenderedContainer rendered, string rootfs)
    {
        if (
            !IsStartedByUs(rendered, Path.GetDirectoryName(rootfs)!)
            || rendered.TmpfilesOnce.Any(l => $"{l}".Contains(rootfs, StringComparison.Ordinal))
        )
        {
            return null;
        }

        TmpfilesLine[] lines =
        [
            .. TmpfilesSyntax
                .Parse(rendered.Tmpfiles ?? "")
                .Where(l => $"{l} {l.Argument}".Contains(rootfs, StringComparison.Ordinal)),
        ];
        return lines.All(l =>
            l is { Error: null, Type: 'C', Argument: { } argument }
            && argument.StartsWith(rootfs + "/", StringComparison.Ordinal)
            && !l.Path.StartsWith(rootfs, StringComparison.Ordinal)
        )
            ? [.. lines.Select(l => l.Argument![rootfs.Length..])]
            : null;
    }

    /// <summary>
    /// Whether all that its units know of the bundle and of a runtime is our own start, which mounts the tree: a
    /// template's author may have written a way of starting it that only that author knows.
    /// </summary>
    private static bool IsStartedByUs(RenderedContainer rendered, string bundle)
    {
        string[] services =
        [
            .. rendered
                .Units.Where(u => u.FileName.EndsWith(".service", StringComparison.Ordinal))
                .Select(u =>
                    u.Text
                    + string.Concat(
                        rendered
                            .Units.Where(d => d.FileName.StartsWith(u.FileName + ".d/", StringComparison.Ordinal))
                            .Select(d => "\n" + d.Text)
                    )
                ),
        ];
        return services.Any(UnitPlan.MountsTree)
            && services.All(text => UnitPlan.MountsTree(text) || !Runtime().IsMatch(text))
            && rendered
                .Units.Where(u => u.Source is not null)
                .All(u => !LooksInto(u.Text, bundle) && !WorksIn(u, bundle, rendered));
    }

    /// <summary>Whether a template's text leads into the bundle. That it is the service's working directory is no such
    /// thing by itself.</summary>
    private static bool LooksInto(string text, string bundle) =>
        Elsewhere(text, bundle).Any(l => l.Contains(bundle, StringComparison.Ordinal));

    /// <summary>
    /// Whether the bundle is the service's working directory, as in nearly all images of `atomic install`, for `runc
    /// run` alone wanted it, and something may look at it from there: a relative path would name the tree, and a
    /// program that the image brings to the host may. What the administrator declares of the service counts with it.
    /// </summary>
    private static bool WorksIn(RenderedUnit unit, string bundle, RenderedContainer rendered)
    {
        if (Elsewhere(unit.Text, bundle).Length == unit.Text.Split('\n').Length)
        {
            return false;
        }

        string[] lines =
        [
            .. rendered
                .Units.Where(d =>
                    d == unit
                    || (
                        d.FileName.StartsWith(unit.FileName + ".d/", StringComparison.Ordinal)
                        && !d.FileName.EndsWith("/" + UnitPlan.DropIn, StringComparison.Ordinal)
                    )
                )
                .SelectMany(d => Elsewhere(d.Text, bundle)),
        ];
        return lines.Any(l =>
            l.Contains("rootfs", StringComparison.Ordinal)
            || All().IsMatch(l)
            || rendered.HostFiles.Any(f =>
                f.Kind != ImageFileKind.Directory && l.Contains(f.Target, StringComparison.Ordinal)
            )
        );
    }

    private static string[] Elsewhere(string text, string bundle) =>
        [
            .. text.Replace("--bundle=" + bundle, "", StringComparison.Ordinal)
                .Split('\n')
                .Where(l => l.Trim() != "WorkingDirectory=" + bundle),
        ];

    /// <summary>A command over all that is in its directory: <c>tar c .</c>, <c>du *</c>.</summary>
    [GeneratedRegex(
        @"[\s'""](?:\./?|\*)(?:[\s'"";]|$)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex All();

    [GeneratedRegex(@"\b(?:runc|crun)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex Runtime();
}
