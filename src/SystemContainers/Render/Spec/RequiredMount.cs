// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;

namespace SystemContainers.Render.Spec;

/// <summary>A path in the rootfs that something gets mounted on.</summary>
/// <param name="Path">Absolute in the container.</param>
/// <param name="IsDirectory">False: an empty file has to stand there.</param>
/// <param name="Mode">Permission bits. They matter: runc before 1.2 gives a tmpfs the mode of the directory that it
/// covers.</param>
sealed record RequiredMount(string Path, bool IsDirectory, int Mode)
{
    /// <summary>The same for the checkout that makes it.</summary>
    public MountPoint AsMountPoint => new(Path, IsDirectory, Mode);
}
