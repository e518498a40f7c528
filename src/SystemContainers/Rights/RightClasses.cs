// SPDX-License-Identifier: Apache-2.0

using static SystemContainers.Rights.RightLevel;

namespace SystemContainers.Rights;

/// <summary>
/// Every class of rights, in the order in which they are shown. sysctr(1), "RIGHTS", has the same table; a test
/// compares them.
/// </summary>
/// <remarks>
/// Told is what the published system containers (docker, kubelet, flannel, etcd …) need. Some of it, such as all
/// capabilities with the host's devices, is root's power too: what is dangerous is what hides, outlives the container,
/// or speaks for somebody else.
/// </remarks>
static class RightClasses
{
    public static IReadOnlyList<RightClass> All { get; } =
    [
        // Files on the host: hostfs of the image, tmpfiles lines, files that units write, binds of a single place that
        // may be written to.
        new(
            "loader",
            Dangerous,
            "the dynamic linker's configuration (/etc/ld.so.preload, ld.so.conf.d): code in every program of the host"
        ),
        new("library", Dangerous, "a library or module where programs of the host look for theirs"),
        new("cron", Dangerous, "commands that the host runs at times: cron, at, anacron, logrotate"),
        new("sudo", Dangerous, "who may become root: sudo, doas"),
        new("polkit", Dangerous, "who may do what only root may: polkit's rules and actions"),
        new("pam", Dangerous, "how the host logs people in: PAM"),
        new("ssh", Dangerous, "keys and configuration of SSH, the host's or a user's"),
        new("accounts", Dangerous, "users, groups and passwords of the host"),
        new("name-service", Dangerous, "how the host looks up users and hosts: nsswitch.conf, hosts, resolv.conf"),
        new("shell", Dangerous, "what shells and sessions of the host run or set when they start"),
        new("unit", Dangerous, "a unit of systemd that is not the container's, or a link that enables one"),
        new("drop-in", Dangerous, "a drop-in that changes a unit of somebody else"),
        new(
            "systemd",
            Dangerous,
            "systemd's own configuration, generators, presets, shutdown and sleep hooks, tmpfiles.d"
        ),
        new("udev", Dangerous, "rules of udev, which run commands as root"),
        new("kernel", Dangerous, "kernel modules, their options, sysctl.d, binfmt.d"),
        new("boot", Dangerous, "what the host boots: /boot, boot loader, initramfs, init scripts, fstab"),
        new("dbus", Dangerous, "policies and services of D-Bus"),
        new("packages", Dangerous, "hooks, sources and keys of the package manager"),
        new(
            "hooks",
            Dangerous,
            "scripts that services of the host run on events: network, power, mail, sessions, logs"
        ),
        new("engine", Dangerous, "configuration of sysctr, container engines and their hooks"),
        new(
            "setuid",
            Dangerous,
            "a program on the host that runs with more rights than its caller: setuid, setgid, file capabilities like root's"
        ),
        new("program-shadow", Dangerous, "a program that stands in front of one of the host's with the same name"),
        new("file-capability", Told, "a program on the host with a file capability"),
        new("program", Told, "a program in PATH of the host's users, root among them"),
        new("completion", Told, "completions, which interactive shells read"),
        new(
            "drop-in-order",
            Told,
            "a drop-in for a unit of somebody else that only orders it, or names a container engine's environment file"
        ),
        new("config", Told, "configuration below /etc that is not the container's own"),
        new("file", Told, "any other file or directory of the host"),
        // config.json.
        new("oci-hook", Dangerous, "an OCI hook: a command that the runtime runs as root outside of the container"),
        new("runtime-annotation", Dangerous, "an annotation that changes what the runtime does (run.oci.*)"),
        new("namespace-path", Dangerous, "it joins namespaces of another process, such as the host's PID 1"),
        new("host-mounts", Dangerous, "the host's mount namespace: what it mounts is mounted for all"),
        new(
            "mount-filesystem",
            Dangerous,
            "it mounts a file system of its own choice: a block device, overlay, network"
        ),
        new("bind-root-write", Dangerous, "all files of the host, for writing"),
        new(
            "bind-system-write",
            Dangerous,
            "a place, for writing, whose files the host runs, loads or trusts: /etc, /usr, /boot, unit directories, keys"
        ),
        new("bind-root", Told, "all files of the host; what is mounted below / may be writable"),
        new(
            "bind-drop-ins-write",
            Told,
            "the drop-in directory of a container engine's unit, for writing, as published flannel does"
        ),
        new(
            "bind-control-socket",
            Told,
            "the socket of a daemon that does what it is asked to, such as docker's, containerd's, systemd's or D-Bus"
        ),
        new("bind-system", Told, "/usr or /boot of the host"),
        new("bind-config", Told, "configuration of the host or of somebody else below /etc"),
        new("bind-config-write", Told, "configuration of somebody else below /etc, for writing"),
        new("bind-run", Told, "/run of the host, or what is there of somebody else, sockets among it"),
        new("bind-run-write", Told, "the same for writing"),
        new("bind-dev", Told, "/dev of the host, or a device"),
        new("bind-proc", Told, "/proc of the host, which leads to all processes and their files"),
        new("bind-proc-write", Told, "the same for writing"),
        new("bind-sys", Told, "/sys of the host"),
        new("bind-sys-write", Told, "the same for writing"),
        new("bind-home", Told, "home directories"),
        new("bind-home-write", Told, "the same for writing"),
        new("bind-state", Told, "below /var: state of the host or of somebody else, other containers' among it"),
        new("bind-state-write", Told, "the same for writing"),
        new("bind-data", Told, "any other place of the host"),
        new("bind-data-write", Told, "the same for writing"),
        new("mount-propagation", Told, "what it mounts there is seen by the host"),
        new(
            "kernel-filesystem",
            Told,
            "a file system of the kernel: debugfs, tracefs, securityfs, bpf, configfs, cgroup for writing"
        ),
        new("proc-write", Told, "/proc/sys and its like are not read-only: kernel parameters of the host"),
        new("host-pid", Told, "it sees the processes of the host"),
        new("network-namespace", Told, "it joins a network namespace that has a name"),
        new("capability", Told, "a capability beyond those that podman gives by default"),
        new("device", Told, "a device node beyond the usual ones, or the right to use or make one"),
        new("network-device", Told, "a network device of the host is moved into it"),
        new("sysctl", Told, "a kernel parameter is set"),
        new("no-seccomp", Told, "no filter of system calls, or one that allows by default"),
        new("seccomp-agent", Told, "a process of the host decides about its system calls"),
        new("unconfined-label", Told, "it runs with the label of an unconfined process (SELinux, AppArmor)"),
        new("foreign-root", Told, "it runs on a root file system that is not the image's (--rootfs)"),
        new("host-ipc", Usual, "System V IPC and message queues of the host"),
        new("host-network", Usual, "the network of the host"),
        new("host-uts", Usual, "the host's name"),
        new("host-user", Usual, "users of the container are users of the host: root is root"),
        new("host-cgroup", Usual, "the host's view of control groups"),
        new("new-privileges", Usual, "setuid programs inside of it work"),
        // Units.
        new(
            "privileged-command",
            Dangerous,
            "a command of a unit with '+' or '!': outside of the container and of what confines the unit"
        ),
        new(
            "unit-environment",
            Dangerous,
            "a setting of a unit that puts other code under its commands: LD_PRELOAD and its like, BindPaths=, RootImage=, ExecSearchPath="
        ),
        new(
            "host-command",
            Told,
            "a command of a unit that runs outside of the container, as root where the unit does not say otherwise"
        ),
        new(
            "environment-file",
            Told,
            "a unit takes variables from a file that is not below /etc; whoever writes it decides what the unit's commands load"
        ),
        new("unit-relation", Told, "it starts, stops or needs a unit of somebody else, or is needed by one"),
        new("unit-alias", Told, "a unit of it gets a further name"),
        new("unit-action", Told, "the host reboots, shuts down or the like when a unit of it ends"),
        new("unit-directory", Told, "systemd makes or gives away a directory that is not named after the container"),
        new("host-secret", Told, "systemd hands it a file of the host: LoadCredential=, OpenFile="),
    ];

    private static readonly Dictionary<string, RightClass> s_byName = All.ToDictionary(
        c => c.Name,
        StringComparer.Ordinal
    );

    /// <summary>The class of that name; null for none.</summary>
    public static RightClass? Find(string name) => s_byName.GetValueOrDefault(name);

    /// <summary>In the order of the table, then of the details.</summary>
    public static IReadOnlyList<Right> Sorted(IEnumerable<Right> rights) =>
        [
            .. rights
                .Distinct()
                .OrderBy(r => s_order.GetValueOrDefault(r.Class, int.MaxValue))
                .ThenBy(r => r.Class, StringComparer.Ordinal)
                .ThenBy(r => r.Detail, StringComparer.Ordinal),
        ];

    private static readonly Dictionary<string, int> s_order = All.Index()
        .ToDictionary(c => c.Item.Name, c => c.Index, StringComparer.Ordinal);
}
