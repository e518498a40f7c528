// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;

namespace SystemContainers.Store;

/// <summary>The room on the store's file system, asked for before it is needed.</summary>
/// <param name="rule">What stays free; read when it is first needed.</param>
sealed class StoreSpace(string root, Lazy<FreeSpaceRule> rule)
{
    /// <summary>Fails where something would not fit, or leave too little.</summary>
    /// <param name="doing">"pulling X", for the message.</param>
    /// <param name="bytes">What is going to be written, as far as it is known.</param>
    /// <param name="inodes">Files and directories that are going to be made, as far as it is known.</param>
    /// <exception cref="SysctrException">Storage: says what is needed, what is free, and where.</exception>
    public void Require(string doing, long bytes, long inodes)
    {
        FileSystemSpace space = FileSystemSpace.Of(root);
        long kept = rule.Value.Of(space.Total);
        if (bytes > space.Free - kept)
        {
            throw Full(
                doing,
                $"it needs {ByteSize.Text(bytes)}, and {root} has {ByteSize.Text(space.Free)} free, {ByteSize.Text(kept)} of which stay free (min-free-space)"
            );
        }

        if (inodes > space.FreeInodes)
        {
            throw Full(doing, $"it needs {inodes} inodes, and {root} has {space.FreeInodes} free");
        }
    }

    private static SysctrException Full(string doing, string why) =>
        new(
            ErrorKind.Storage,
            $"{doing}: {why}",
            "'sysctr images prune' frees what nothing needs; min-free-space in sysctr.toml(5) says what stays free"
        );
}
