// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Lint.Json;
using SystemContainers.Runtime;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>
/// What systemd-analyze security(1) says of the image's services, as a note each. It speaks of the unit alone: what
/// confines the payload is config.json. What an OCI runtime can't work in is no advice, and a warning where the author
/// has set it.
/// </summary>
static class HardeningCheck
{
    private const int Shown = 6;

    public static async Task RunAsync(
        IReadOnlyList<(string FileName, string Text)> units,
        LintedFiles files,
        LintFindings findings,
        CancellationToken cancellation
    )
    {
        foreach (
            (string name, LintedFile unit) in files.Units.Where(u =>
                u.Key.EndsWith(".service", StringComparison.Ordinal)
            )
        )
        {
            foreach ((string setting, string reason) in SandboxSettings.In(UnitText.Parse(unit.Text)))
            {
                findings.Warning(
                    unit.Path,
                    Position(unit, setting),
                    $"{setting} keeps the container from running: {reason}"
                );
            }

            if (await UnitExposure.MeasureAsync(units, name, cancellation) is not { } exposure)
            {
                continue;
            }

            int section = Array.FindIndex(unit.Template.Text.Split('\n'), l => l.Trim() == "[Service]");
            TextPosition place = new(Math.Max(section, 0) + 1, 1);
            findings.Note(
                unit.Path,
                place,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"exposure {exposure.Total:0.0} of 10 (systemd-analyze security); what would lower it most: {string.Join(", ", exposure.Missing.Where(m => SandboxSettings.ReasonAgainst(m.Setting) is null).Take(Shown).Select(m => $"{m.Setting} ({m.Points:0.0})"))}"
                )
            );
            string[] impossible =
            [
                .. exposure
                    .Missing.Select(m => (m.Setting, Reason: SandboxSettings.ReasonAgainst(m.Setting)))
                    .Where(m => m.Reason is not null)
                    .GroupBy(m => m.Reason, StringComparer.Ordinal)
                    .Select(g => $"{string.Join(", ", g.Select(m => m.Setting))} ({g.Key})"),
            ];
            if (impossible.Length > 0)
            {
                findings.Note(unit.Path, place, $"counted, but not for a container: {string.Join("; ", impossible)}");
            }
        }
    }

    /// <summary>The line of a setting in the template; the first where a value made it.</summary>
    private static TextPosition Position(LintedFile unit, string setting)
    {
        int line = Array.FindIndex(
            unit.Template.Text.Split('\n'),
            l => l.TrimStart().StartsWith(setting.Split('=')[0] + "=", StringComparison.Ordinal)
        );
        return new TextPosition(Math.Max(line, 0) + 1, 1);
    }
}
