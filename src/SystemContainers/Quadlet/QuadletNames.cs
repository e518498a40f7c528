// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;

namespace SystemContainers.Quadlet;

/// <summary>What files call each other by, and what that is on the host.</summary>
/// <param name="units">All files of the call.</param>
/// <param name="applied">The unit of a file that was applied before and is none of these; null where there is
/// none.</param>
sealed class QuadletNames(IReadOnlyList<QuadletUnit> units, Func<string, string?> applied)
{
    private readonly Dictionary<string, QuadletUnit> _byName = units.ToDictionary(u => u.Name, StringComparer.Ordinal);

    /// <summary>A file by its name; null where it is none of the call's.</summary>
    public QuadletUnit? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What a container is called: ServiceName=, or the file's name without its suffix. An instance has a dash
    /// where systemd has an at sign.</summary>
    public string NameOf(QuadletUnit unit) =>
        Given(unit, ContainerKeys.Ours, "Name")
        ?? Given(unit, ContainerKeys.Container, "ServiceName")
        ?? unit.Stem.Replace('@', '-');

    /// <summary>
    /// The unit for a word of a dependency: of the name of a file, or of a unit that podman would make of one under
    /// another name. Empty where nothing has to be waited for, null where the word is neither.
    /// </summary>
    public string? UnitFor(string word)
    {
        if (Find(word) is { } named)
        {
            return named.Type switch
            {
                "container" => NameOf(named) + ".service",
                "pod" => PodFile.NameOf(named) + ".service",
                // Images are fetched and networks declared when files are applied; a volume is made when what mounts it
                // is, a bridge when the first container on it starts.
                "volume" or "image" or "network" => "",
                _ => PodmanUnits.NameOf(named),
            };
        }

        return word.EndsWith(".service", StringComparison.Ordinal)
            && Find(Path.ChangeExtension(word, ".container")) is { } container
                ? NameOf(container) + ".service"
            : QuadletFiles.IsOne(word) ? applied(word)
            : null;
    }

    private static string? Given(QuadletUnit unit, string section, string key) =>
        unit.Last(section, key) is { Text.Length: > 0 } value ? value.Text : null;
}
