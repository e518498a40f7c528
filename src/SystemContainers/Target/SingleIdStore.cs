// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Target;

/// <summary>A user's store that is used without subordinate ids, where every file has to be the user's own.</summary>
static class SingleIdStore
{
    /// <summary>
    /// Refuses where the user had ids when the store was filled, and has none now: half of it could neither be read nor
    /// removed, and that would be found in the middle of something.
    /// </summary>
    /// <param name="user">Who calls; this process is not in a namespace.</param>
    /// <exception cref="SysctrException">Host: names a file, and how to get the ids back.</exception>
    public static void Check(HostUser user, string store)
    {
        if (!Directory.Exists(store) || !SubordinateIds.Of(user).IsEmpty)
        {
            return;
        }

        // What can't be entered is somebody else's, and so named itself. The group of an image's file is the image's,
        // that of others may be any.
        string foreign = ProcessRunner
            .RunAsync(
                "find",
                [
                    store,
                    "(",
                    "!",
                    "-uid",
                    $"{user.Uid}",
                    "-o",
                    "-type",
                    "f",
                    "-path",
                    "*/objects/??/*",
                    "!",
                    "-gid",
                    $"{user.Gid}",
                    ")",
                    "-print",
                    "-quit",
                ],
                CancellationToken.None
            )
            .GetAwaiter()
            .GetResult()
            .Output.Trim();
        if (foreign.Length > 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"making a user namespace: {user.Name} has no subordinate ids any more, and {foreign} belongs to one of them",
                SubordinateIds.Hint(user.Name) + "; the same as before"
            );
        }
    }
}
