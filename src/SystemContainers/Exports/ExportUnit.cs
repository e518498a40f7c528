// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Templates;

namespace SystemContainers.Exports;

/// <summary>A unit that the image brings.</summary>
/// <param name="File">Where its text comes from.</param>
/// <param name="NameSuffix">
/// What follows the container's name in the unit's: <c>.service</c>, <c>.socket</c>, <c>@.service</c>,
/// <c>-STEM.timer</c>.
/// </param>
sealed record ExportUnit(ExportFile File, string NameSuffix)
{
    /// <summary>The name of the unit for a container called <paramref name="name"/>.</summary>
    public string UnitName(string name) => name + NameSuffix;

    /// <summary>It is the service that the container is known by, <c>NAME.service</c>.</summary>
    public bool IsMain => NameSuffix == ".service";

    /// <summary>It is instantiated per connection or by hand, <c>NAME@.service</c>.</summary>
    public bool IsInstantiated => NameSuffix.Contains('@', StringComparison.Ordinal);
}
