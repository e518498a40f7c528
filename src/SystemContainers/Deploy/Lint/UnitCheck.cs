using SystemContainers.Register;
using SystemContainers.Render;

namespace SystemContainers.Deploy.Lint;

/// <summary>systemd's own opinion of the units, at the lines of their templates.</summary>
static class UnitCheck
{
    public static async Task RunAsync(
        IReadOnlyList<(string FileName, string Text)> units, LintedFiles files, LintFindings findings, CancellationToken cancellation)
    {
        foreach (UnitComplaint complaint in await UnitVerifier.FindAsync(units, user: null, cancellation))
        {
            if (files.Units.TryGetValue(complaint.Unit, out LintedFile? unit))
            {
                findings.Error(unit.Path, unit.At(new TextPosition(complaint.Line ?? 1, 1)), complaint.Text);
            }
            else
            {
                // Ours: the default unit, or a drop-in beside one of the image's.
                string path = files.Units.FirstOrDefault(u => complaint.Unit.StartsWith(u.Key + ".d/", StringComparison.Ordinal)).Value?.Path ?? "/exports";
                findings.Error(path, new TextPosition(1, 1), complaint.Whole);
            }
        }
    }
}
