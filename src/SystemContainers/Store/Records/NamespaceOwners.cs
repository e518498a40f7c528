// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Tar;

namespace SystemContainers.Store.Records;

/// <summary>In a user's namespace a file can belong only to those whom the user has ids for.</summary>
static class NamespaceOwners
{
    private static readonly Lazy<IdMap> s_ids = new(IdMap.OfThisProcess);

    /// <summary>Rejects an entry whose owner is not mapped in this user namespace; device files, which a user's
    /// checkout leaves out, may be anybody's.</summary>
    /// <exception cref="SysctrException">Host: names the file, its owner, and how to get more ids.</exception>
    public static void Check(LayerEntry entry)
    {
        if (
            !HostUser.IsInNamespace
            || entry.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice
            || (s_ids.Value.HasUid(entry.Metadata.Uid) && s_ids.Value.HasGid(entry.Metadata.Gid))
        )
        {
            return;
        }

        string name = HostUser.OfCaller().Name;
        string what = s_ids.Value.IsSingle
            ? $"{name} has no subordinate ids, so all files of an image have to be root's"
            : $"that is beyond the subordinate ids of {name}";
        throw new SysctrException(
            ErrorKind.Host,
            $"unpacking {Encoding.UTF8.GetString(entry.Name)}, which belongs to user {entry.Metadata.Uid} and group {entry.Metadata.Gid}: {what}",
            SubordinateIds.Hint(name)
        );
    }
}
