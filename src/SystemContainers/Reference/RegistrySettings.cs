// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Reference;

/// <summary>What registries.conf says for one image.</summary>
/// <param name="Blocked">It must not be pulled.</param>
/// <param name="Endpoints">Where to look, in order: the mirrors that serve this kind of reference, then the registry
/// itself.</param>
sealed record RegistrySettings(bool Blocked, IReadOnlyList<RegistryEndpoint> Endpoints)
{
    /// <summary>The registry itself; null where it is blocked by its own name, and only mirrors may be asked.</summary>
    public RegistryEndpoint? Registry => Endpoints.LastOrDefault(e => !e.IsMirror);
}
