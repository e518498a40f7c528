// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.State;

namespace SystemContainers.Prepared;

/// <summary>The files that an image of a user's container may put on the host: a user's place is the home
/// directory.</summary>
static class UserHostFiles
{
    /// <summary>Refuses files outside of the user's directories; changes nothing.</summary>
    /// <param name="user">Null for root, who may put them anywhere.</param>
    /// <exception cref="SysctrException">Permission: names the first one, and how to do without.</exception>
    public static void Check(HostUser? user, ContainerRecord record)
    {
        if (user is null)
        {
            return;
        }

        string[] places = [user.Home, user.ConfigHome, user.DataHome, user.RuntimeDirectory];
        string? outside = record
            .HostFiles.Select(f => f.Path)
            .Concat(record.HostDirectories.Select(d => d.Path))
            .FirstOrDefault(path =>
                !places.Any(place =>
                    path == place || path.StartsWith(place.TrimEnd('/') + "/", StringComparison.Ordinal)
                )
            );
        if (outside is not null)
        {
            throw new SysctrException(
                ErrorKind.Permission,
                $"installing {outside}: the containers of {user.Name} can have files below {user.Home} only",
                "leave the image's files for the host out with --system-package=absent, or set what its renameFiles take the path from"
            );
        }
    }
}
