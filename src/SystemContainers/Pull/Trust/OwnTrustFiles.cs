// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;

namespace SystemContainers.Pull.Trust;

/// <summary>Where who calls has policy.json and registries.d of one's own: <c>~/.config/containers</c>, as
/// containers/image has it, whatever XDG_CONFIG_HOME says to root.</summary>
static class OwnTrustFiles
{
    private const string OfRoot = "/root/.config/containers";

    /// <summary>The directory. Where root calls with the home directory of somebody else, as by <c>sudo -E</c>, it is
    /// root's: who may be trusted is not that one's to say.</summary>
    /// <param name="user">Null for root.</param>
    /// <param name="root">The root directory of the host whose it is; of another one it is root's there.</param>
    /// <param name="environment">The caller's; null for none.</param>
    public static string Directory(HostUser? user, string root, Func<string, string?>? environment)
    {
        if (user is not null)
        {
            return Path.Join(user.ConfigHome, "containers");
        }

        if (root != "/")
        {
            return OfRoot;
        }

        string own = Path.Join(CallerHome.Directory(environment ?? (static _ => null)), ".config/containers");
        for (string? directory = own; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (System.IO.Directory.Exists(directory) && !HostOwners.KeepsNames(directory))
            {
                return OfRoot;
            }
        }

        return own;
    }
}
