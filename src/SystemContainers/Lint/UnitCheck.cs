// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Lint.Json;
using SystemContainers.Systemd;
using SystemContainers.Templates;

namespace SystemContainers.Lint;

/// <summary>systemd's own opinion of the units, at the lines of their templates.</summary>
static class UnitCheck
{
    public static async Task RunAsync(
        IReadOnlyList<(string FileName, string Text)> units,
        LintedFiles files,
        LintFindings findings,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<UnitComplaint> complaints = await UnitVerifier.FindAsync(units, user: null, cancellation);
        // Without a verdict systemd runs the units, less what it complains about.
        Action<string, TextPosition, string> add = complaints.Any(c => c.IsVerdict) ? findings.Error : findings.Warning;
        foreach (UnitComplaint complaint in complaints)
        {
            if (files.Units.TryGetValue(complaint.Unit, out LintedFile? unit))
            {
                add(unit.Path, unit.At(new TextPosition(complaint.Line ?? 1, 1)), complaint.Text);
            }
            else
            {
                // Ours: the default unit, or a drop-in beside one of the image's.
                string path =
                    files
                        .Units.FirstOrDefault(u => complaint.Unit.StartsWith(u.Key + ".d/", StringComparison.Ordinal))
                        .Value?.Path
                    ?? "/exports";
                add(path, new TextPosition(1, 1), complaint.Whole);
            }
        }
    }
}
