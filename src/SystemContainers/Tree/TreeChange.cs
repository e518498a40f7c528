// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tree;

/// <summary>How a path of an image differs from the same path of another one.</summary>
/// <param name="Path">Absolute; bytes that are not UTF-8 are replaced.</param>
/// <param name="Kind">Whether it came, changed or went.</param>
/// <param name="What">
/// Of a change, what differs: type, content, target, device, mode, owner, xattrs; nothing for the others. A time alone
/// is no change.
/// </param>
sealed record TreeChange(string Path, TreeChangeKind Kind, IReadOnlyList<string> What);
