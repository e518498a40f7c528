// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Files;

/// <summary>One line of <c>/proc/self/mountinfo</c> (proc_pid_mountinfo(5)).</summary>
/// <param name="Id">The mount's number.</param>
/// <param name="Device">MAJOR:MINOR of the file system; the same for every mount of it.</param>
/// <param name="Root">Which path within the file system is seen at the mount point.</param>
/// <param name="Source">What was mounted, such as a block device.</param>
sealed record MountEntry(int Id, string Device, string Root, string Point, string Source);
