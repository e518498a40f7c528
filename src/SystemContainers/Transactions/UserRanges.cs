// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;
using SystemContainers.Oci;
using SystemContainers.Settings;
using SystemContainers.Settings.Ids;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>
/// The ids of containers' user namespaces. Those of <c>auto</c> are taken out of what /etc/subuid and /etc/subgid have
/// for the user <c>containers</c>, as podman's are, and stay the container's over updates and roll-backs: its
/// deployments have them in their config.json, and no other container gets them while one of them is there.
/// </summary>
sealed class UserRanges(Host host)
{
    /// <summary>Whose subordinate ids they are (containers-storage.conf(5), root-auto-userns-user).</summary>
    private const string Owner = "containers";

    // containers-storage.conf(5), auto-userns-min-size and auto-userns-max-size.
    private const uint LeastSize = 1024;
    private const uint MostSize = 65536;

    private const int MaxDatabaseBytes = 1 << 20;

    /// <summary>What <c>auto</c> was given in this call, by container; nothing of it need be on disk yet.</summary>
    private readonly Dictionary<string, (IdMap Map, UserNamespaceSetting Asked)> _given = new(StringComparer.Ordinal);

    /// <summary>The map that settings ask for; null where the container has the host's users.</summary>
    /// <param name="settings">Checked.</param>
    /// <param name="files">The image's, for how many ids it needs.</param>
    /// <param name="user">The payload's, as the image or the settings name it.</param>
    /// <exception cref="SysctrException">Usage: a user's container can't have one; Host: the host has no ids for it, or
    /// its store's file system can't map owners.</exception>
    public IdMap? MapFor(ContainerSettings settings, string name, IImageFiles files, string? user)
    {
        UserNamespaceSetting asked = settings.Spec.UserNamespace;
        if (asked.Mode == UserNamespaceMode.Host)
        {
            return null;
        }

        if (host.User is { } caller)
        {
            return OfUser(caller, asked, settings.One("userns") ?? "private");
        }

        return asked.Mode switch
        {
            UserNamespaceMode.KeepId => IdMap.OfThisProcess(),
            UserNamespaceMode.Auto => Auto(asked, name, Size(asked, files, user)),
            _ when asked.SubordinateUsers is { } users => new IdMap(
                Lined(Subordinate("/etc/subuid", users), uint.MaxValue),
                Lined(Subordinate("/etc/subgid", asked.SubordinateGroups!), uint.MaxValue)
            ),
            _ => asked.Maps(null),
        };
    }

    /// <summary>A user's container has the user's ids in any case: what can be chosen is who among them the user
    /// is.</summary>
    private static IdMap OfUser(HostUser user, UserNamespaceSetting asked, string word)
    {
        if (asked.Mode == UserNamespaceMode.Auto || asked.SubordinateUsers is not null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading --userns={word}: a user's container is in the user's own namespace, in which the user is its root",
                "write keep-id, with which the user is somebody else there, --uidmap, or leave it out; auto and names of subuid(5) are for the system's containers"
            );
        }

        IdMap ids = user.Ids;
        return ids.IsSingle
                ? throw new SysctrException(
                    ErrorKind.Host,
                    $"reading --userns={word}: {user.Name} has no subordinate ids, so nobody would be the container's root",
                    SubordinateIds.Hint(user.Name)
                )
            : asked.Mode == UserNamespaceMode.Mapped ? asked.Maps(ids).Then(ids)
            : ids.Keeping(asked.Uid ?? user.Uid, asked.Gid ?? user.Gid, asked.Size ?? uint.MaxValue).Then(ids);
    }

    private IdMap Auto(UserNamespaceSetting asked, string name, uint size)
    {
        IdMap? before = Installed(name).LastOrDefault();
        List<IdMap> others =
        [
            .. OnDisk(n => n != name).Select(o => o.Map),
            .. _given.Where(g => g.Key != name).Select(g => g.Value.Map),
        ];

        if (
            before is not null
            && Count(before.Uids) >= size
            && Count(before.Gids) >= size
            && IsAsFixed(before.Uids, asked.Uids)
            && IsAsFixed(before.Gids, asked.Gids)
        )
        {
            return before;
        }

        IdMap given = new(
            Taken("/etc/subuid", name, size, asked.Uids, [.. others.SelectMany(o => o.Uids)]),
            Taken("/etc/subgid", name, size, asked.Gids, [.. others.SelectMany(o => o.Gids)])
        );
        _given[name] = (given, asked);
        return given;
    }

    /// <summary>
    /// Looks again whether what was given is nobody else's, once it is staged: of two calls at one moment at least one
    /// sees what the other has staged, for both stage first and look then.
    /// </summary>
    /// <exception cref="SysctrException">Locked: another call has given the same ids.</exception>
    public void RequireOwn()
    {
        foreach ((string other, IdMap map) in _given.Count == 0 ? [] : OnDisk(n => !_given.ContainsKey(n)))
        {
            // What was asked for by number may be anybody's.
            string? name = _given
                .FirstOrDefault(g =>
                    Overlap(g.Value.Map.Uids.Except(g.Value.Asked.Uids), map.Uids)
                    || Overlap(g.Value.Map.Gids.Except(g.Value.Asked.Gids), map.Gids)
                )
                .Key;
            if (name is not null)
            {
                throw new SysctrException(
                    ErrorKind.Locked,
                    $"preparing {name}: another call has given '{other}' the same ids meanwhile",
                    "call it again"
                );
            }
        }
    }

    /// <summary>The maps of all deployments, whether or not their records can be read, of those that are put together
    /// too. These first: one that gets its place meanwhile is seen there.</summary>
    private IEnumerable<(string Name, IdMap Map)> OnDisk(Func<string, bool> isMeant) =>
        host
            .Catalog.DirectoryNames()
            .Where(isMeant)
            .SelectMany(name =>
            {
                IdMap[] staged =
                [
                    .. host
                        .Catalog.StagedNumbers(name)
                        .Select(n => Path.Join(host.Deployment(name, n).Staged, DeploymentDirectory.ConfigName))
                        .Select(IdMappings.OfFile)
                        .OfType<IdMap>(),
                ];
                return staged.Concat(Installed(name)).Select(m => (name, m));
            });

    private IEnumerable<IdMap> Installed(string name) =>
        host.Catalog.Numbers(name).Select(n => IdMappings.OfFile(host.Deployment(name, n).ConfigFile)).OfType<IdMap>();

    private static bool Overlap(IEnumerable<IdRange> some, IReadOnlyList<IdRange> others) =>
        some.Any(s => others.Any(s.Shares));

    /// <summary>Ids that nobody has, from a place on that the container's name gives: two calls at one moment look in
    /// two places.</summary>
    private List<IdRange> Taken(
        string file,
        string name,
        uint size,
        IReadOnlyList<IdRange> fixedRanges,
        IReadOnlyList<IdRange> others
    )
    {
        uint wanted = size - Math.Min(size, Count(fixedRanges));
        if (wanted == 0)
        {
            return [.. fixedRanges.OrderBy(r => r.Inside)];
        }

        IdRange[] pool = [.. Subordinate(file, Owner)];
        ulong slots = pool.Aggregate(0UL, (sum, r) => sum + (r.Count / wanted));
        ulong first =
            slots == 0
                ? 0
                : BitConverter.ToUInt64(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name)))
                    % slots;
        for (ulong i = 0; i < slots; i++)
        {
            IdRange slot = Slot(pool, (first + i) % slots, wanted);
            if (!others.Concat(fixedRanges).Any(slot.Shares))
            {
                return Around(fixedRanges, slot);
            }
        }

        throw new SysctrException(
            ErrorKind.Host,
            $"finding {wanted} ids for the user namespace of {name}: {file} has no such range for {Owner} that is free",
            $"give {Owner} more there, or say how many are needed: --userns auto:size=COUNT"
        );
    }

    /// <summary>Lines up a slot around what is fixed of the ids inside.</summary>
    private static List<IdRange> Around(IReadOnlyList<IdRange> fixedRanges, IdRange slot)
    {
        List<IdRange> map = [.. fixedRanges];
        uint inside = 0;
        (uint outside, uint left) = (slot.Outside, slot.Count);
        foreach (IdRange taken in fixedRanges.OrderBy(r => r.Inside).Append(new IdRange(uint.MaxValue, 0, 0)))
        {
            uint count = Math.Min(left, taken.Inside - Math.Min(taken.Inside, inside));
            if (count > 0)
            {
                map.Add(new IdRange(inside, outside, count));
                (outside, left) = (outside + count, left - count);
            }

            inside = taken.Inside + taken.Count;
        }

        return [.. map.OrderBy(r => r.Inside)];
    }

    private static IdRange Slot(IdRange[] pool, ulong index, uint size)
    {
        foreach (IdRange range in pool)
        {
            uint here = range.Count / size;
            if (index < here)
            {
                return new IdRange(0, range.Outside + ((uint)index * size), size);
            }

            index -= here;
        }

        throw new ArgumentOutOfRangeException(nameof(index));
    }

    private IReadOnlyList<IdRange> Subordinate(string file, string name)
    {
        IReadOnlyList<IdRange> ranges = BoundedFile.ReadText(host.Root, file, MaxDatabaseBytes) is { } text
            ? SubordinateIds.Parse(text, name, uint.MaxValue)
            : [];
        return ranges.Count > 0
            ? ranges
            : throw new SysctrException(
                ErrorKind.Host,
                $"reading {file}: it has no ids for {name}",
                name == Owner
                    ? $"add a line of ids that nobody else has, to /etc/subuid and /etc/subgid: {Owner}:2147483647:2147483648"
                    : "name a user that it has ids for"
            );
    }

    private static List<IdRange> Lined(IEnumerable<IdRange> ranges, uint most)
    {
        List<IdRange> map = [];
        uint next = 0;
        foreach (IdRange range in ranges)
        {
            uint count = Math.Min(range.Count, most - next);
            map.Add(new IdRange(next, range.Outside, count));
            next += count;
        }

        return map;
    }

    private static uint Count(IReadOnlyList<IdRange> ranges) =>
        (uint)Math.Min(uint.MaxValue, ranges.Sum(r => (long)r.Count));

    private static bool IsAsFixed(IReadOnlyList<IdRange> map, IReadOnlyList<IdRange> fixedRanges) =>
        fixedRanges.All(f => map.Contains(f));

    /// <summary>One more than the highest id that the image has a name for, nobody's apart, or that the payload
    /// has.</summary>
    private static uint Size(UserNamespaceSetting asked, IImageFiles files, string? user)
    {
        if (asked.Size is { } size)
        {
            return size;
        }

        IEnumerable<uint> named = Ids(files, "/etc/passwd").Concat(Ids(files, "/etc/group"));
        IEnumerable<uint> payload = (user ?? "")
            .Split(':')
            .Select(u => uint.TryParse(u, CultureInfo.InvariantCulture, out uint id) ? id : 0);
        return Math.Clamp(named.Concat(payload).Where(id => id < MostSize).Append(0u).Max() + 1, LeastSize, MostSize);
    }

    private static IEnumerable<uint> Ids(IImageFiles files, string database) =>
        files.Find(database) is not { Kind: ImageFileKind.Regular } file
            ? []
            : Encoding
                .UTF8.GetString(files.Read(file, MaxDatabaseBytes))
                .Split('\n')
                .Select(l => l.Split(':'))
                .Where(l => l.Length > 2 && l[0] is not ("nobody" or "nogroup"))
                .Select(l => uint.TryParse(l[2], CultureInfo.InvariantCulture, out uint id) ? id : 0);
}
