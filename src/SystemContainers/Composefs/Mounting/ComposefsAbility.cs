// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Composefs.Mounting;

/// <summary>Whether a host can mount trees.</summary>
/// <param name="Obstacle">What stands against it; null where nothing does.</param>
/// <param name="IsDefault">
/// Whether they are mounted where nobody asks for a form. Not without <see cref="ComposefsMount.HasDataLayer"/>, for
/// such kernels have no other way to the image than a loop device, which costs a start some 20 ms; and not with
/// SELinux, for the files of a mounted tree would have no label.
/// </param>
sealed record ComposefsAbility(string? Obstacle, bool IsDefault);
