// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;

namespace SystemContainers.Doctor;

/// <summary>What containers of an unprivileged user need of the host.</summary>
static class UserCheck
{
    private const string Name = "user";

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target) =>
        [Ids(target.User!), MapTools(target), Namespaces(target), Lingering(target.User!)];

    private static DoctorFinding Ids(HostUser user)
    {
        try
        {
            SubordinateIds ids = SubordinateIds.Of(user);
            return ids.IsEmpty
                ? DoctorFinding.Warning(
                    Name,
                    $"{user.Name} has no subordinate ids: only images whose files are all root's can be installed",
                    SubordinateIds.Hint(user.Name)
                )
                : DoctorFinding.Ok(
                    Name,
                    $"{user.Name} has {ids.Uids.Sum(r => r.Count)} subordinate users and {ids.Gids.Sum(r => r.Count)} groups"
                );
        }
        catch (SysctrException e)
        {
            return DoctorFinding.Problem(Name, e.Message, e.Hint ?? SubordinateIds.Hint(user.Name));
        }
    }

    private static DoctorFinding MapTools(DoctorTarget target)
    {
        string[] missing =
        [
            .. from tool in (string[])["newuidmap", "newgidmap"]
            where !((string[])["/usr/bin/", "/bin/", "/usr/local/bin/"]).Any(d => File.Exists(target.Here(d + tool)))
            select tool,
        ];
        return missing.Length == 0
            ? DoctorFinding.Ok(Name, "newuidmap and newgidmap are there")
            : DoctorFinding.Problem(
                Name,
                $"{string.Join(" and ", missing)}, which map subordinate ids, are not installed",
                "install uidmap (Debian) or shadow-utils (Fedora)"
            );
    }

    private static DoctorFinding Namespaces(DoctorTarget target) =>
        target.TryReadText("/proc/sys/kernel/unprivileged_userns_clone")?.Trim() == "0"
            ? DoctorFinding.Problem(
                Name,
                "the kernel gives unprivileged users no user namespaces",
                "as root: 'sysctl kernel.unprivileged_userns_clone=1'"
            )
        : target.TryReadText("/proc/sys/user/max_user_namespaces")?.Trim() == "0"
            ? DoctorFinding.Problem(
                Name,
                "the kernel gives nobody user namespaces",
                "as root: 'sysctl user.max_user_namespaces=15000'"
            )
        : target.TryReadText("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")?.Trim() == "1"
            ? DoctorFinding.Warning(
                Name,
                "AppArmor takes the rights of user namespaces away from programs that it has no profile for",
                "as root: a profile with 'userns,' for sysctr, runc and crun, or 'sysctl kernel.apparmor_restrict_unprivileged_userns=0'"
            )
        : DoctorFinding.Ok(Name, "unprivileged user namespaces are allowed");

    private static DoctorFinding Lingering(HostUser user) =>
        user.Lingers
            ? DoctorFinding.Ok(Name, $"{user.Name} lingers: containers start at boot")
            : DoctorFinding.Warning(
                Name,
                $"{user.Name} does not linger: containers start with the first login and stop with the last session",
                $"'loginctl enable-linger {user.Name}'"
            );
}
