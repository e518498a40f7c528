// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Settings.Ids;

namespace SystemContainers.Quadlet;

/// <summary>Who the payload is: User= and Group=, and user namespaces: UserNS= and the maps, and the older RemapUsers=
/// with its kin, which podman translates into them.</summary>
sealed partial class ContainerReader
{
    /// <summary>Those of them that a user's containers can have in part alone.</summary>
    private static readonly string[] s_systems = ["UserNS", "SubUIDMap", "SubGIDMap", "RemapUsers"];

    private static readonly string[] s_maps = ["UserNS", "UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap"];

    /// <summary>Further groups of the payload.</summary>
    public void Groups(IReadOnlyList<QuadletValue> values)
    {
        foreach (QuadletValue value in values)
        {
            if (value.Text == "keep-groups" && !host.IsUser)
            {
                Note(
                    value.Place,
                    "GroupAdd=keep-groups changes nothing: a unit of the system has no further groups that could be kept; SupplementaryGroups= in [Service] gives the payload none"
                );
            }
            else
            {
                Add("group-add", value.Text, value.Place, "GroupAdd");
            }
        }
    }

    private void UserAndGroup()
    {
        QuadletValue? user = Values(ContainerKeys.Container, ContainerKeys.OfContainer["User"]).LastOrDefault();
        QuadletValue? group = Values(ContainerKeys.Container, ContainerKeys.OfContainer["Group"]).LastOrDefault();
        if (user is not null)
        {
            Add("user", group is null ? user.Text : $"{user.Text}:{group.Text}", user.Place, "User");
        }
        else if (group is not null)
        {
            Fault(group.Place, "Group=: it goes with User=", "name the user, too");
        }
    }

    private void UserNamespace()
    {
        Remap();
        if (
            host.IsUser
            && s_systems.FirstOrDefault(k =>
                unit.Last(ContainerKeys.Container, k) is { Text.Length: > 0 } said && !IsUsers(said.Text)
            )
                is { } key
        )
        {
            QuadletValue said = unit.Last(ContainerKeys.Container, key)!;
            Fault(
                said.Place,
                $"{key}={said.Text}: a user's container is in the user's own namespace, in which the user is its root",
                "write UserNS=keep-id or UIDMap=, with which the user is somebody else there, or leave it out; auto and names of subuid(5) are for the system's containers"
            );
        }
        else if (
            !host.IsUser
            && _settings.GetValueOrDefault("uidmap", []) is var uids
            && _settings.GetValueOrDefault("gidmap", []) is var gids
            && uids.Count + gids.Count > 0
        )
        {
            // One that extends is filled up with a user's ids; the system's has what is said.
            try
            {
                _ = UserNamespaceSetting.Of(null, uids, gids, null, null).Maps(null);
            }
            catch (SysctrException e) when (e.Setting is { } setting)
            {
                Fault(_said.Place(setting.Option, setting.Value), _said.Text(setting), e.Hint);
            }
        }
    }

    /// <summary>Whether a user's container can have it, as RemapUsers= and UserNS= say it.</summary>
    private static bool IsUsers(string mode) =>
        mode is "host" or "private" or "manual" || mode.Split(':')[0] == "keep-id";

    private void Remap()
    {
        List<QuadletValue> uids = All("RemapUid");
        List<QuadletValue> gids = All("RemapGid");
        QuadletValue? size = All("RemapUidSize").LastOrDefault();
        QuadletValue? users = All("RemapUsers").LastOrDefault();
        if ((users ?? uids.Concat(gids).Append(size).FirstOrDefault(v => v is not null)) is not { } first)
        {
            return;
        }

        if (s_maps.FirstOrDefault(k => unit.Last(ContainerKeys.Container, k) is { Text.Length: > 0 }) is { } newer)
        {
            Fault(
                first.Place,
                $"RemapUsers=, RemapUid= and RemapGid= don't go with {newer}=",
                $"say it by {newer}= alone"
            );
            return;
        }

        switch (users?.Text)
        {
            case "manual":
                AddEach("uidmap", uids, "RemapUid");
                AddEach("gidmap", gids, "RemapGid");
                break;
            case "auto":
                string[] options =
                [
                    .. uids.Select(u => "uidmapping=" + u.Text),
                    .. gids.Select(g => "gidmapping=" + g.Text),
                    .. size is null ? (string[])[] : ["size=" + size.Text],
                ];
                Add(
                    "userns",
                    options.Length == 0 ? "auto" : "auto:" + string.Join(',', options),
                    users.Place,
                    "RemapUsers"
                );
                break;
            case "keep-id" when uids.Count > 1 || gids.Count > 1:
                Fault(users.Place, "RemapUsers=keep-id: RemapUid= and RemapGid= are one number each", null);
                break;
            case "keep-id":
                string[] ids = [.. uids.Select(u => "uid=" + u.Text), .. gids.Select(g => "gid=" + g.Text)];
                Add(
                    "userns",
                    ids.Length == 0 ? "keep-id" : "keep-id:" + string.Join(',', ids),
                    users.Place,
                    "RemapUsers"
                );
                break;
            case null:
                Fault(
                    first.Place,
                    "RemapUid=, RemapGid= and RemapUidSize= go with RemapUsers=",
                    "write UserNS=, UIDMap= and GIDMap= instead"
                );
                break;
            default:
                Fault(users.Place, $"RemapUsers={users.Text}: it is manual, auto or keep-id", null);
                break;
        }
    }

    private List<QuadletValue> All(string key) => Values(ContainerKeys.Container, ContainerKeys.OfContainer[key]);

    private void AddEach(string option, IReadOnlyList<QuadletValue> values, string key)
    {
        foreach (QuadletValue value in values)
        {
            Add(option, value.Text, value.Place, key);
        }
    }
}
