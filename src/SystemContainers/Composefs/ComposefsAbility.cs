// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Composefs;

/// <summary>Whether a host can mount trees.</summary>
/// <param name="Obstacle">What stands against it; null where nothing does.</param>
/// <param name="HasDataLayer">As <see cref="ComposefsMount.HasDataLayer"/>. Kernels without have no other way to mount the image than a loop device, either, which costs a start some 20 ms.</param>
sealed record ComposefsAbility(string? Obstacle, bool HasDataLayer);
