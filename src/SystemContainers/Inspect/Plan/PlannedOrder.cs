// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Prepared;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;

namespace SystemContainers.Inspect.Plan;

/// <summary>
/// The order in which one transaction stops and starts units: by what systemd has of them now, and for the start by
/// what new unit files say as well. The verb itself leaves it to systemd.
/// </summary>
sealed class PlannedOrder(ISystemdManager systemd)
{
    private readonly Dictionary<string, List<string>> _declared = new(StringComparer.Ordinal);

    /// <summary>Takes the unit files and drop-ins of a container to come into account.</summary>
    public void Add(PreparedContainer container)
    {
        foreach (HostText file in container.UnitFiles)
        {
            // A drop-in speaks for the unit whose directory it is in.
            string directory = Path.GetFileName(Path.GetDirectoryName(file.Path)!);
            string unit = directory.EndsWith(".d", StringComparison.Ordinal)
                ? directory[..^2]
                : Path.GetFileName(file.Path);
            UnitText text = UnitText.Parse(file.Text);
            Declare(unit, text.Words("Unit", "After"));
            foreach (string later in text.Words("Unit", "Before"))
            {
                Declare(later, [unit]);
            }

            // Implied, systemd.socket(5): what starts a service is there before it.
            if (!unit.EndsWith(".service", StringComparison.Ordinal))
            {
                Declare(Path.ChangeExtension(unit, ".service"), [unit]);
            }
        }
    }

    /// <summary>The units in the order in which they stop.</summary>
    public async Task<IReadOnlyList<string>> StoppingAsync(IEnumerable<string> units, CancellationToken cancellation)
    {
        string[] distinct = [.. units.Distinct(StringComparer.Ordinal)];
        IReadOnlyDictionary<string, IReadOnlyList<string>> after = await systemd.GetAfterAsync(distinct, cancellation);
        return UnitOrder.Stopping(distinct, unit => after[unit]);
    }

    /// <summary>The units in the order in which they start.</summary>
    public async Task<IReadOnlyList<string>> StartingAsync(IEnumerable<string> units, CancellationToken cancellation)
    {
        string[] distinct = [.. units.Distinct(StringComparer.Ordinal)];
        IReadOnlyDictionary<string, IReadOnlyList<string>> after = await systemd.GetAfterAsync(distinct, cancellation);
        return UnitOrder.Starting(distinct, unit => after[unit].Concat(_declared.GetValueOrDefault(unit) ?? []));
    }

    private void Declare(string unit, IEnumerable<string> after)
    {
        if (!_declared.TryGetValue(unit, out List<string>? known))
        {
            _declared.Add(unit, known = []);
        }

        known.AddRange(after);
    }
}
