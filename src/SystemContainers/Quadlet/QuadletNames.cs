// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;

namespace SystemContainers.Quadlet;

/// <summary>What files call each other by, and what that is on the host.</summary>
/// <param name="units">All files of the call.</param>
sealed class QuadletNames(IReadOnlyList<QuadletUnit> units, QuadletHost host)
{
    private const string Service = ".service";

    private const string PodmansPrefix = "systemd-";

    private readonly Dictionary<string, QuadletUnit> _byName = units.ToDictionary(u => u.Name, StringComparer.Ordinal);

    /// <summary>A file by its name; null where it is none of the call's.</summary>
    public QuadletUnit? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What a container is called: ServiceName=, or the file's name without its suffix. An instance has a dash
    /// where systemd has an at sign.</summary>
    public string NameOf(QuadletUnit unit) =>
        Given(unit, ContainerKeys.Ours, "Name")
        ?? Given(unit, ContainerKeys.Container, "ServiceName")
        ?? unit.Stem.Replace('@', '-');

    /// <summary>The network that a file declares.</summary>
    public string NetworkOf(QuadletUnit file) => NetworkFile.Read(file, host, new QuadletFaults()).Name;

    /// <summary>
    /// The unit for a word of a dependency: of the name of a file, or of a unit that podman would make of one under
    /// another name. Empty where nothing has to be waited for, null where the word is neither.
    /// </summary>
    public string? UnitFor(string word)
    {
        if (Find(word) is { } named)
        {
            return UnitOf(named);
        }

        if (!word.EndsWith(Service, StringComparison.Ordinal))
        {
            return QuadletFiles.IsOne(word) ? host.Applied(word) : null;
        }

        // What a file really makes counts before what podman would have made of one.
        return units.Any(u => UnitOf(u) == word) ? word
            : (
                units.FirstOrDefault(u => PodmanUnits.NameOf(u) == word)
                ?? Find(Path.ChangeExtension(word, ".container"))
            )
                is { } meant
                ? UnitOf(meant)
            : null;
    }

    /// <summary>The container that another one calls so: by its name, or by the one that podman gives it,
    /// <c>systemd-STEM</c> or <c>ContainerName=</c>. What is none of the call's stays as it is.</summary>
    public string ContainerOf(string name)
    {
        QuadletUnit[] containers = [.. units.Where(u => u is { Type: "container", Instance: not "" })];
        return containers.Any(c => NameOf(c) == name) || units.Any(u => u.Type == "pod" && PodFile.NameOf(u) == name)
                ? name
            : containers.FirstOrDefault(c => PodmansNames(c).Contains(name, StringComparer.Ordinal)) is { } named
                ? NameOf(named)
            : name.StartsWith(PodmansPrefix, StringComparison.Ordinal)
            && host.Applied(name[PodmansPrefix.Length..] + ".container") is { } before
            && before.EndsWith(Service, StringComparison.Ordinal)
                ? before[..^Service.Length]
            : name;
    }

    private string UnitOf(QuadletUnit file) =>
        file.Type switch
        {
            "container" => NameOf(file) + Service,
            "pod" => PodFile.NameOf(file) + Service,
            // Images are fetched and networks declared when files are applied; a volume is made when what mounts it
            // is, a bridge when the first container on it starts.
            "volume" or "image" or "network" => "",
            _ => PodmanUnits.NameOf(file),
        };

    /// <summary>What podman calls a container: also where its unit has another name here than there.</summary>
    private IEnumerable<string> PodmansNames(QuadletUnit container)
    {
        string given =
            Given(container, ContainerKeys.Container, "ContainerName")
            ?? PodmansPrefix + (container.Instance is null ? "%N" : "%p_%i");
        foreach (
            string unit in new[] { NameOf(container), PodmanUnits.NameOf(container)[..^Service.Length] }.Distinct(
                StringComparer.Ordinal
            )
        )
        {
            string? name;
            try
            {
                name = new QuadletExpansion(container, unit, host).Word(given);
            }
            catch (FormatException)
            {
                // Told where it is read.
                name = null;
            }

            if (name is not null)
            {
                yield return name;
            }
        }
    }

    private static string? Given(QuadletUnit unit, string section, string key) =>
        unit.Last(section, key) is { Text.Length: > 0 } value ? value.Text : null;
}
