using System.Globalization;
using SystemContainers.Register;
using SystemContainers.Render;

namespace SystemContainers.Deploy.Lint;

/// <summary>
/// What systemd-analyze security(1) says of the image's services, as a note each. It speaks of the unit alone: what confines the
/// payload is config.json.
/// </summary>
static class HardeningCheck
{
    private const int Shown = 6;

    public static async Task RunAsync(
        IReadOnlyList<(string FileName, string Text)> units, LintedFiles files, LintFindings findings, CancellationToken cancellation)
    {
        foreach ((string name, LintedFile unit) in files.Units.Where(u => u.Key.EndsWith(".service", StringComparison.Ordinal)))
        {
            if (await UnitExposure.MeasureAsync(units, name, cancellation) is not { } exposure)
            {
                continue;
            }

            int section = Array.FindIndex(unit.Template.Text.Split('\n'), l => l.Trim() == "[Service]");
            findings.Note(
                unit.Path, new TextPosition(Math.Max(section, 0) + 1, 1),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"exposure {exposure.Total:0.0} of 10 (systemd-analyze security); what would lower it most: {string.Join(", ", exposure.Missing.Take(Shown).Select(m => $"{m.Setting} ({m.Points:0.0})"))}"));
        }
    }
}
