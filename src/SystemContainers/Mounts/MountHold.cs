// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;

namespace SystemContainers.Mounts;

/// <summary>That this process looks at a deployment, until it is disposed of or the process ends
/// (<see cref="MountCatalog.Hold"/>).</summary>
/// <param name="place">Where there is room for what is made for it meanwhile.</param>
sealed class MountHold(string place) : IDisposable
{
    public string Place { get; } = place;

    public void Dispose() => TreeRemoval.Remove(Place);
}
