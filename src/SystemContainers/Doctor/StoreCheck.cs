// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Doctor;

/// <summary>The store: whether it is private and ours, and whether its file system can do what a store needs.</summary>
static class StoreCheck
{
    private const string Name = "store";

    // No owners, no modes or no links.
    private static readonly string[] s_unfit =
    [
        "vfat",
        "msdos",
        "exfat",
        "ntfs",
        "ntfs3",
        "iso9660",
        "squashfs",
        "erofs",
    ];

    // Of somebody else's machine or in a process: what is synced there is not certain, and whiteouts and attributes are
    // often missing.
    private static readonly string[] s_remote = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "virtiofs"];

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target)
    {
        List<DoctorFinding> findings = [];
        bool there = Directory.Exists(target.Store);
        if (!there && FileFacts.Of(target.Store) is not null)
        {
            return [DoctorFinding.Problem(Name, $"{target.Store} is no directory", "move it away")];
        }

        if (there)
        {
            findings.AddRange(Private(target));
        }
        else
        {
            findings.Add(DoctorFinding.Ok(Name, $"{target.Store} is not there yet; the first install makes it"));
        }

        string directory = RealPath.Of(DoctorTarget.Nearest(target.Store));
        IReadOnlyList<MountFacts> mounts = MountFacts.All();
        if (MountFacts.Of(mounts, directory) is { } mount)
        {
            findings.AddRange(Judge(mount));
        }

        if (
            there
            && mounts.FirstOrDefault(m =>
                m.Point.StartsWith(directory + "/", StringComparison.Ordinal)
                && m.Point[(directory.Length + 1)..] is "objects" or "deployments" or "staging" or "layers"
            )
                is { } inner
        )
        {
            findings.Add(
                DoctorFinding.Warning(
                    Name,
                    $"{inner.Point} is a file system of its own: files are copied where they could be shared",
                    $"mount one file system on {target.Store}, or none"
                )
            );
        }

        if (target.IsRoot || target.User is not null)
        {
            findings.AddRange(StoreProbe.Run(Name, there ? directory : null));
        }

        return findings;
    }

    private static IEnumerable<DoctorFinding> Private(DoctorTarget target)
    {
        FileFacts? facts = FileFacts.Of(RealPath.Of(target.Store));
        uint owner = target.User?.Uid ?? 0;
        if (facts is null)
        {
            yield return DoctorFinding.Unknown(Name, $"{target.Store} can't be looked at", "call it as root");
            yield break;
        }

        bool isPrivate = facts.Uid == owner && (facts.Mode & 0x3f) == 0;
        if (!isPrivate)
        {
            yield return DoctorFinding.Problem(
                Name,
                $"{target.Store} is open to others (owner {facts.Uid}, mode {Convert.ToString(facts.Mode, 8)}): setuid programs of images are in it",
                $"'chown {owner} {target.Store}; chmod 0700 {target.Store}'"
            );
        }

        if (target.User is null && target.OpenTo(Path.GetDirectoryName(HostTarget.SystemStore)!) is { } open)
        {
            yield return DoctorFinding.Problem(
                Name,
                $"{open}: others can put another store in its place",
                "give it to root, and to nobody else to write"
            );
        }

        if (!target.IsRoot && target.User is null)
        {
            yield return DoctorFinding.Unknown(
                Name,
                $"{target.Store} is private; what is in it was not looked at",
                "call it as root"
            );
            yield break;
        }

        DoctorFinding? format = Format(target);
        if (format is not null)
        {
            yield return format;
        }
        else if (isPrivate)
        {
            yield return DoctorFinding.Ok(Name, $"{target.Store}, private, of a format that this sysctr knows");
        }
    }

    private static DoctorFinding? Format(DoctorTarget target)
    {
        string file = Path.Join(target.Store, "meta.json");
        try
        {
            if (BoundedFile.Read("/", file, 1 << 20) is null)
            {
                return Directory.EnumerateFileSystemEntries(target.Store).Any()
                    ? DoctorFinding.Problem(
                        Name,
                        $"{file} is missing, and the store is not empty",
                        "'sysctr fsck' says what is there"
                    )
                    : null;
            }

            StoreFormat.Check(target.Store);
            return null;
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return DoctorFinding.Problem(
                Name,
                e.Message,
                (e as SysctrException)?.Hint ?? "'sysctr fsck' says what is there"
            );
        }
    }

    /// <summary>What is said of the file system and its mount options.</summary>
    internal static IEnumerable<DoctorFinding> Judge(MountFacts mount)
    {
        string where = $"{mount.Type} on {mount.Point}";
        int before = 0;
        if (s_unfit.Contains(mount.Type, StringComparer.Ordinal))
        {
            before++;
            yield return DoctorFinding.Problem(
                Name,
                $"{where}: it has no owners, links or attributes, or can't be written",
                "put the store on ext4, xfs or btrfs"
            );
        }

        if (mount.Options.Contains("ro", StringComparer.Ordinal))
        {
            before++;
            yield return DoctorFinding.Problem(
                Name,
                $"{where} is read-only: nothing can be installed or ended",
                "mount it writable; a disk with errors becomes read-only, see 'journalctl --dmesg'"
            );
        }

        if (mount.Options.Contains("noexec", StringComparer.Ordinal))
        {
            before++;
            yield return DoctorFinding.Problem(
                Name,
                $"{where} is mounted noexec: payloads can't be executed",
                $"mount it without noexec, or the store elsewhere"
            );
        }

        if (mount.Options.Contains("nosuid", StringComparer.Ordinal))
        {
            before++;
            yield return DoctorFinding.Warning(
                Name,
                $"{where} is mounted nosuid: setuid programs and file capabilities of images have no effect",
                "mount it without nosuid"
            );
        }

        if (mount.Type is "tmpfs" or "ramfs")
        {
            before++;
            yield return DoctorFinding.Warning(
                Name,
                $"{where}: all containers are gone with the next boot, and their units are not",
                "put the store on a disk"
            );
        }

        if (
            s_remote.Contains(mount.Type, StringComparer.Ordinal)
            || mount.Type.StartsWith("fuse", StringComparison.Ordinal)
        )
        {
            before++;
            yield return DoctorFinding.Warning(
                Name,
                $"{where}: sysctr is not tested on it; locks, attributes and durability are the other side's",
                "put the store on a local ext4, xfs or btrfs"
            );
        }

        if (before == 0)
        {
            yield return DoctorFinding.Ok(
                Name,
                where + (mount.Options.Contains("nodev", StringComparer.Ordinal) ? ", nodev" : "")
            );
        }
    }
}
