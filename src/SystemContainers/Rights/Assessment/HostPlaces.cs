// SPDX-License-Identifier: Apache-2.0

using System.IO.Enumeration;
using SystemContainers.Templates;

namespace SystemContainers.Rights.Assessment;

/// <summary>
/// What a path of the host means to the host. A place is a path whose parts may have <c>*</c>; all that is below it
/// belongs to it. Home directories are written <c>~</c>.
/// </summary>
static class HostPlaces
{
    // The first that fits decides. All of them are dangerous but for the last few.
    private static readonly (string Class, string[] Places)[] s_places =
    [
        ("loader", ["/etc/ld.so*", "/usr/lib*/ld-*", "/usr/lib*/ld.so*", "/etc/ld-*"]),
        (
            "pam",
            [
                "/etc/pam*",
                "/etc/security",
                "/usr/lib*/security",
                "/usr/lib/*/security",
                "/usr/lib/pam.d",
                "/usr/share/pam*",
                "/etc/authselect",
            ]
        ),
        (
            "accounts",
            [
                "/etc/passwd*",
                "/etc/shadow*",
                "/etc/group*",
                "/etc/gshadow*",
                "/etc/subuid*",
                "/etc/subgid*",
                "/etc/sysusers.d",
                "/usr/lib/sysusers.d",
                "/usr/local/lib/sysusers.d",
                "/run/sysusers.d",
                "/etc/userdb",
                "/run/userdb",
                "/run/systemd/userdb",
                "/usr/lib/userdb",
                "/etc/skel",
                "/etc/login.defs",
                "/etc/adduser*",
                "/etc/deluser*",
                "/etc/shells",
                "/etc/krb5*",
                "/etc/.pwd.lock",
                "/var/lib/AccountsService",
            ]
        ),
        (
            "ssh",
            [
                "/etc/ssh",
                "/usr/lib*/ssh",
                "/usr/lib/openssh",
                "/etc/hosts.equiv",
                "/etc/shosts.equiv",
                "/run/sshd",
                "~/.ssh",
                "~/.rhosts",
                "~/.shosts",
            ]
        ),
        (
            "sudo",
            [
                "/etc/sudo*",
                "/usr/local/etc/sudo*",
                "/etc/doas*",
                "/usr/lib*/sudo",
                "/usr/libexec/sudo",
                "/run/sudo",
                "/var/lib/sudo",
                "/var/db/sudo",
            ]
        ),
        (
            "polkit",
            ["/etc/polkit*", "/usr/share/polkit*", "/usr/local/share/polkit*", "/run/polkit*", "/var/lib/polkit*"]
        ),
        (
            "cron",
            [
                "/etc/cron*",
                "/etc/anacron*",
                "/etc/incron*",
                "/etc/fcron*",
                "/etc/periodic",
                "/etc/logrotate*",
                "/etc/at.*",
                "/var/spool/cron",
                "/var/spool/at",
                "/var/spool/anacron",
                "/var/spool/incron",
                "/var/spool/fcron",
            ]
        ),
        (
            "name-service",
            [
                "/etc/nsswitch*",
                "/etc/nss*",
                "/etc/host.conf",
                "/etc/hosts*",
                "/etc/resolv*",
                "/etc/gai.conf",
                "/etc/sssd",
                "/etc/nslcd*",
                "/etc/hostname",
                "/etc/machine-id",
            ]
        ),
        (
            "kernel",
            [
                "/etc/modules*",
                "/etc/modprobe*",
                "/etc/depmod*",
                "/usr/lib/modules*",
                "/usr/lib/modprobe*",
                "/usr/lib/depmod*",
                "/run/modules-load.d",
                "/run/modprobe.d",
                "/run/depmod.d",
                "/usr/local/lib/modules-load.d",
                "/usr/local/lib/modprobe.d",
                "/usr/lib/firmware",
                "/etc/sysctl*",
                "/usr/lib/sysctl*",
                "/run/sysctl*",
                "/usr/local/lib/sysctl*",
                "/etc/binfmt.d",
                "/usr/lib/binfmt.d",
                "/run/binfmt.d",
                "/usr/local/lib/binfmt.d",
                "/usr/share/binfmts",
                "/var/lib/binfmts",
                "/etc/sysfs*",
                "/usr/src",
                "/var/lib/dkms",
                "/etc/dkms",
            ]
        ),
        ("systemd", ["/etc/systemd/*generators", "/etc/systemd/system-*", "/etc/systemd/user-*"]),
        (
            "boot",
            [
                "/boot",
                "/efi",
                "/etc/grub*",
                "/etc/default/grub*",
                "/etc/kernel",
                "/usr/lib/kernel",
                "/etc/initramfs*",
                "/usr/share/initramfs*",
                "/etc/dracut*",
                "/usr/lib/dracut",
                "/etc/mkinitcpio*",
                "/usr/lib/initcpio",
                "/etc/fstab*",
                "/etc/crypttab",
                "/etc/veritytab",
                "/etc/integritytab",
                "/etc/mdadm*",
                "/etc/lvm",
                "/etc/inittab",
                "/etc/init",
                "/etc/init.d",
                "/etc/rc*",
                "/etc/insserv*",
                "/etc/cmdline.d",
                "/etc/ostree",
                "/usr/lib/ostree*",
                "/sysroot",
                "/ostree",
                "/init",
                "/var/lib/cloud",
                "/etc/cloud",
                "/etc/selinux",
                "/etc/apparmor*",
                "/var/lib/selinux",
            ]
        ),
        (
            "systemd",
            [
                "/etc/systemd/*.conf",
                "/etc/systemd/*.conf.d",
                "/etc/systemd/network",
                "/etc/systemd/nspawn",
                "/etc/systemd/sleep*",
                "/usr/lib/systemd/*generators",
                "/usr/lib/systemd/*.conf.d",
                "/usr/lib/systemd/network",
                "/usr/lib/systemd/system-*",
                "/usr/lib/systemd/user-*",
                "/usr/lib/systemd/systemd*",
                "/usr/local/lib/systemd/*generators",
                "/usr/local/lib/systemd/*.conf.d",
                "/usr/local/lib/systemd/network",
                "/usr/local/lib/systemd/system-*",
                "/usr/local/lib/systemd/user-*",
                "/run/systemd/*generators",
                "/run/systemd/*.conf.d",
                "/run/systemd/network",
                "/run/systemd/nspawn",
                "/run/systemd/system-*",
                "/run/systemd/generator*",
                "/etc/tmpfiles.d",
                "/usr/lib/tmpfiles.d",
                "/run/tmpfiles.d",
                "/usr/local/lib/tmpfiles.d",
                "/usr/share/user-tmpfiles.d",
                "~/.config/user-tmpfiles.d",
                "/etc/repart.d",
                "/etc/sysupdate.d",
                "/etc/extensions",
                "/var/lib/extensions",
                "/run/extensions",
                "/etc/confexts",
                "/run/confexts",
                "/var/lib/confexts",
                "/etc/portables",
                "/var/lib/machines",
                "/var/lib/portables",
                "/etc/credstore*",
                "/run/credstore*",
                "/usr/lib/credstore*",
                "/var/lib/systemd",
                "/etc/systemd/presets",
                "/etc/systemd/userdb",
                "/etc/systemd/dnssd",
                "/etc/systemd/resolved*",
            ]
        ),
        (
            "unit",
            [
                "/etc/systemd",
                "/usr/lib/systemd",
                "/usr/local/lib/systemd",
                "/usr/share/systemd",
                "/usr/local/share/systemd",
                "/run/systemd/system*",
                "/run/systemd/user",
                "/run/systemd/transient",
                "/run/systemd/unit*",
                "/etc/xdg/systemd",
                "~/.config/systemd",
                "~/.local/share/systemd",
                "/run/user/*/systemd",
                "/etc/containers/systemd",
                "/usr/share/containers/systemd",
                "/run/containers/systemd",
                "~/.config/containers/systemd",
            ]
        ),
        ("udev", ["/etc/udev", "/usr/lib/udev", "/run/udev/rules.d", "/run/udev/hwdb.d", "/usr/local/lib/udev"]),
        (
            "dbus",
            [
                "/etc/dbus-1",
                "/usr/share/dbus-1",
                "/usr/local/share/dbus-1",
                "/run/dbus-1",
                "~/.local/share/dbus-1",
                "/usr/lib/dbus-1*",
            ]
        ),
        (
            "packages",
            [
                "/etc/apt",
                "/etc/dpkg",
                "/var/lib/dpkg",
                "/var/lib/apt",
                "/usr/lib/apt",
                "/usr/lib/dpkg",
                "/usr/share/dpkg",
                "/etc/yum*",
                "/etc/dnf",
                "/var/lib/rpm*",
                "/usr/lib/rpm",
                "/usr/lib/sysimage",
                "/etc/rpm",
                "/etc/pki/rpm-gpg",
                "/etc/pacman*",
                "/usr/share/libalpm",
                "/etc/zypp",
                "/etc/apk",
                "/etc/needrestart",
                "/etc/alternatives",
                "/etc/debconf*",
                "/etc/ucf*",
                "/usr/share/keyrings",
                "/etc/unattended-upgrades",
            ]
        ),
        (
            "engine",
            [
                "/etc/sysctr",
                "/var/lib/sysctr",
                "/usr/lib*/sysctr",
                "/usr/libexec/sysctr",
                "/etc/containers",
                "/usr/share/containers",
                "/etc/containerd",
                "/etc/crio",
                "/etc/cdi",
                "/run/cdi",
                "/usr/libexec/oci",
                "/usr/share/oci*",
                "/usr/lib*/containers",
                "~/.config/sysctr",
                "~/.config/containers",
                "~/.docker",
                "/usr/lib/docker",
                "/usr/libexec/docker",
            ]
        ),
        (
            "shell",
            [
                "/etc/profile*",
                "/etc/bash.*",
                "/etc/bashrc*",
                "/etc/zsh*",
                "/etc/zprofile",
                "/etc/zlog*",
                "/etc/csh*",
                "/etc/fish",
                "/etc/ksh*",
                "/etc/mkshrc",
                "/etc/environment*",
                "/usr/lib/environment.d",
                "/run/environment.d",
                "/usr/local/lib/environment.d",
                "/etc/default/locale",
                "/etc/locale.conf",
                "/etc/inputrc",
                "/usr/share/fish/vendor_conf.d",
                "/usr/local/share/fish/vendor_conf.d",
                "/etc/X11",
                "/etc/xdg/autostart",
                "/etc/xdg/plasma*",
                "/usr/share/xsessions",
                "/usr/share/wayland-sessions",
                "/etc/gdm*",
                "/etc/lightdm*",
                "/etc/sddm*",
                "/etc/vim*",
                "/etc/screenrc",
                "/etc/tmux*",
                "/etc/gitconfig",
                "/etc/motd*",
                "/etc/update-motd.d",
                "/etc/issue*",
                "~/.*profile*",
                "~/.*shrc*",
                "~/.*login*",
                "~/.*logout*",
                "~/.zshenv",
                "~/.zprofile",
                "~/.config/fish",
                "~/.config/environment.d",
                "~/.config/autostart*",
                "~/.config/git",
                "~/.gitconfig",
                "~/.vimrc",
                "~/.vim",
                "~/.inputrc",
                "~/.pam_environment",
                "~/.config/plasma*",
                "~/.x*",
                "~/.X*",
                "~/.forward",
                "~/.netrc",
                "~/.gnupg",
                "~/.local/bin",
                "~/bin",
                "~/.local/lib",
            ]
        ),
        (
            "hooks",
            [
                "/etc/NetworkManager",
                "/usr/lib/NetworkManager",
                "/run/NetworkManager",
                "/etc/network",
                "/etc/netplan",
                "/etc/networkd-dispatcher",
                "/usr/lib/networkd-dispatcher",
                "/etc/dhcp*",
                "/etc/ppp",
                "/etc/ifplugd",
                "/etc/resolvconf",
                "/etc/sysconfig/network-scripts",
                "/etc/acpi",
                "/etc/apm",
                "/etc/pm",
                "/usr/lib/pm-utils",
                "/etc/xinetd*",
                "/etc/inetd*",
                "/etc/rsyslog*",
                "/etc/syslog*",
                "/etc/audit*",
                "/etc/audisp",
                "/etc/libaudit*",
                "/etc/aliases*",
                "/etc/mail*",
                "/etc/smart*",
                "/etc/gssproxy",
                "/etc/fuse.conf",
                "/etc/auto*",
                "/etc/exports*",
            ]
        ),
        (
            "completion",
            [
                "/etc/bash_completion*",
                "/usr/share/bash-completion",
                "/usr/local/share/bash-completion",
                "/usr/share/zsh",
                "/usr/local/share/zsh",
                "/usr/share/fish/*completions*",
                "/usr/local/share/fish/*completions*",
            ]
        ),
        (
            "library",
            [
                "/usr/lib*/*.so*",
                "/usr/lib/*-linux-*",
                "/usr/local/lib*/*.so*",
                "/usr/local/lib/*-linux-*",
                "/usr/lib*/glibc-hwcaps",
                "/usr/local/lib*/glibc-hwcaps",
                "/usr/lib*/gconv",
                "/usr/lib*/python*",
                "/usr/local/lib*/python*",
                "/usr/lib*/perl*",
                "/usr/local/lib*/perl*",
                "/usr/share/perl*",
                "/usr/local/share/perl*",
                "/etc/perl",
                "/etc/python*",
                "/usr/lib*/ruby",
                "/usr/lib*/site_ruby",
                "/usr/lib*/p11-kit*",
                "/usr/lib*/ossl-modules",
                "/usr/lib*/engines-*",
                "/etc/ssl/openssl.cnf",
                "/etc/ssl/*.cnf",
                "/etc/pkcs11",
                "/etc/gcrypt",
                "/etc/crypto-policies",
            ]
        ),
        (
            "program",
            [
                "/usr/bin",
                "/usr/sbin",
                "/usr/local/bin",
                "/usr/local/sbin",
                "/usr/games",
                "/usr/local/games",
                "/opt/bin",
                "/opt/sbin",
                "/opt/*/bin",
                "/opt/*/sbin",
                "/snap/bin",
                "~/.cargo/bin",
            ]
        ),
    ];

    // Programs for programs: with them a bind that may be written to replaces what the host runs.
    private static readonly string[] s_system = ["/usr", "/boot", "/efi", "/sysroot", "/ostree"];

    private static readonly (string Prefix, string Real)[] s_aliases =
    [
        ("/bin", "/usr/bin"),
        ("/sbin", "/usr/sbin"),
        ("/lib", "/usr/lib"),
        ("/lib32", "/usr/lib32"),
        ("/lib64", "/usr/lib64"),
        ("/libx32", "/usr/libx32"),
        ("/var/run", "/run"),
        ("/var/lock", "/run/lock"),
        ("/var/home", "/home"),
        ("/var/roothome", "/root"),
        ("/var/opt", "/opt"),
        ("/var/srv", "/srv"),
        ("/var/usrlocal", "/usr/local"),
    ];

    private static readonly (string Class, string[][] Places)[] s_parts =
    [
        .. s_places.Select(p => (p.Class, p.Places.Select(HostPath.Parts).ToArray())),
    ];

    /// <summary>An absolute path as one of the host's own: without <c>.</c>, <c>..</c> and the links that every host
    /// has from old names to new ones.</summary>
    public static string Normal(string path)
    {
        List<string> parts = [];
        foreach (string part in HostPath.Parts(path))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        string normal = "/" + string.Join('/', parts);
        foreach ((string prefix, string real) in s_aliases)
        {
            if (normal == prefix || HostPath.IsBelow(normal, prefix))
            {
                return real + normal[prefix.Length..];
            }
        }

        return normal;
    }

    /// <summary>The class of a file at a path; null where nothing is known of the place.</summary>
    /// <param name="path">Normalized.</param>
    /// <param name="home">A home directory that is not below /home; null for none.</param>
    public static string? ClassOf(string path, string? home = null)
    {
        string[] parts = HostPath.Parts(Tilde(path, home));
        return s_parts
            .FirstOrDefault(p =>
                p.Places.Any(place => place.Length <= parts.Length && Fits(place, parts, place.Length))
            )
            .Class;
    }

    /// <summary>Whether who may write to a file there may become root, or speak for somebody else.</summary>
    public static bool IsDangerous(string path, string? home = null) =>
        ClassOf(path, home) is { } found && RightClasses.Find(found)!.Level == RightLevel.Dangerous;

    /// <summary>Whether such a place, or a program of the host, is below a directory, or the directory is below
    /// one.</summary>
    public static bool HoldsDangerous(string directory, string? home = null)
    {
        string[] parts = HostPath.Parts(Tilde(directory, home));
        return IsDangerous(directory, home)
            || s_system.Any(s => directory == s || HostPath.IsBelow(directory, s))
            || ClassOf(directory, home) == "program"
            || s_parts
                .Where(p => RightClasses.Find(p.Class)!.Level == RightLevel.Dangerous)
                .Any(p => p.Places.Any(place => place.Length > parts.Length && Fits(place, parts, parts.Length)));
    }

    /// <summary>Whether a path is a home directory or below one.</summary>
    public static bool IsHome(string path, string? home) => Tilde(path, home) is ['~', ..] || path == "/home";

    private static string Tilde(string path, string? home)
    {
        string? own =
            home is not null && (path == home || HostPath.IsBelow(path, home)) ? home
            : path == "/root" || HostPath.IsBelow(path, "/root") ? "/root"
            : null;
        if (own is null && HostPath.IsBelow(path, "/home"))
        {
            int end = path.IndexOf('/', "/home/".Length);
            own = end < 0 ? path : path[..end];
        }

        return own is null ? path : "~" + path[own.Length..];
    }

    private static bool Fits(string[] place, string[] parts, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (
                !(
                    place[i].Contains('*', StringComparison.Ordinal)
                        ? FileSystemName.MatchesSimpleExpression(place[i], parts[i], ignoreCase: false)
                        : place[i] == parts[i]
                )
            )
            {
                return false;
            }
        }

        return true;
    }
}
