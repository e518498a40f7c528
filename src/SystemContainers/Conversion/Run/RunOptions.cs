// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Settings;

namespace SystemContainers.Conversion.Run;

/// <summary>
/// All options of docker-run(1), docker-create(1), podman-run(1) and podman-create(1), each with what becomes of it.
/// All of them have to be here: of one that is not known nobody can tell whether the next word is its value, or the
/// image.
/// </summary>
static class RunOptions
{
    /// <summary>What all GPUs of a host are to podman and docker.</summary>
    public const string Gpus = "nvidia.com/gpu=";

    /// <summary>Why devices by their number can't be had.</summary>
    public const string NotCounted = "which devices are meant is not for sysctr to choose";

    /// <summary>What to write instead.</summary>
    public const string Named =
        "AddDevice=VENDOR/CLASS=NAME gives one that a specification of the host's describes (CDI), such as nvidia.com/gpu=0, and AddDevice=/dev/NODE a node";

    private const string OfHost =
        "who may fetch what is the host's to say, in containers-auth.json(5), containers-registries.conf(5) and containers-certs.d(5)";
    private const string Windows = "it is for Windows";
    private const string NoSuchLimit = "systemd has no such limit for a unit";

    private static readonly RunOption[] s_all = [.. Keys(), .. Limits(), .. Own(), .. Idle(), .. Lost()];

    private static readonly Dictionary<string, RunOption> s_byName = s_all
        .SelectMany(o =>
            o.Aliases.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(o.Name).Select(n => (Name: n, Option: o))
        )
        .ToDictionary(o => o.Name, o => o.Option, StringComparer.Ordinal);

    private static readonly Dictionary<char, RunOption> s_byLetter = s_all
        .Where(o => o.Letter is not null)
        .ToDictionary(o => o.Letter!.Value);

    public static IReadOnlyCollection<RunOption> All => s_all;

    /// <summary>The option of a name without dashes; null where there is none.</summary>
    public static RunOption? Find(string name) => s_byName.GetValueOrDefault(name);

    /// <summary>The option of a letter; null where there is none.</summary>
    public static RunOption? Find(char letter) => s_byLetter.GetValueOrDefault(letter);

    /// <summary>Those that a key of [Container] says with the same value.</summary>
    private static RunOption[] Keys() =>
        [
            Key("annotation", "Annotation"),
            Key("cap-add", "AddCapability") with
            {
                HasCommas = true,
            },
            Key("cap-drop", "DropCapability") with
            {
                HasCommas = true,
            },
            Key("dns", "DNS") with
            {
                HasCommas = true,
            },
            Key("dns-option", "DNSOption") with
            {
                HasCommas = true,
                Aliases = "dns-opt",
            },
            Key("dns-search", "DNSSearch") with
            {
                HasCommas = true,
            },
            Key("entrypoint", "Entrypoint"),
            Key("gidmap", "GIDMap") with
            {
                HasCommas = true,
            },
            Key("group-add", "GroupAdd") with
            {
                HasCommas = true,
            },
            Key("health-interval", "HealthInterval") with
            {
                Aliases = "healthcheck-interval",
            },
            Key("health-log-destination", "HealthLogDestination"),
            Key("health-max-log-count", "HealthMaxLogCount"),
            Key("health-max-log-size", "HealthMaxLogSize"),
            Key("health-on-failure", "HealthOnFailure"),
            Key("health-retries", "HealthRetries") with
            {
                Aliases = "healthcheck-retries",
            },
            Key("health-start-period", "HealthStartPeriod") with
            {
                Aliases = "healthcheck-start-period",
            },
            Key("health-startup-cmd", "HealthStartupCmd"),
            Key("health-startup-interval", "HealthStartupInterval"),
            Key("health-startup-retries", "HealthStartupRetries"),
            Key("health-startup-success", "HealthStartupSuccess"),
            Key("health-startup-timeout", "HealthStartupTimeout"),
            Key("health-timeout", "HealthTimeout") with
            {
                Aliases = "healthcheck-timeout",
            },
            Key("hostname", "HostName") with
            {
                Letter = 'h',
            },
            Key("ip", "IP"),
            Key("ip6", "IP6"),
            Key("label", "Label") with
            {
                Letter = 'l',
            },
            Key("network-alias", "NetworkAlias") with
            {
                HasCommas = true,
                Aliases = "net-alias",
            },
            Key("pids-limit", "PidsLimit"),
            Key("pull", "Pull"),
            Key("retry", "Retry"),
            Key("retry-delay", "RetryDelay"),
            Key("secret", "Secret"),
            Key("shm-size", "ShmSize"),
            Key("stop-signal", "StopSignal"),
            Key("stop-timeout", "StopTimeout"),
            Key("subgidname", "SubGIDMap"),
            Key("subuidname", "SubUIDMap"),
            Key("sysctl", "Sysctl") with
            {
                HasCommas = true,
            },
            Key("tmpfs", "Tmpfs"),
            Key("tz", "Timezone"),
            Key("uidmap", "UIDMap") with
            {
                HasCommas = true,
            },
            Key("ulimit", "Ulimit") with
            {
                HasCommas = true,
            },
            Key("userns", "UserNS"),
            Key("workdir", "WorkingDir") with
            {
                Letter = 'w',
            },
            Switch("env-host", "EnvironmentHost"),
            Switch("http-proxy", "HttpProxy"),
            Switch("init", "RunInit"),
            Switch("read-only", "ReadOnly"),
            Switch("read-only-tmpfs", "ReadOnlyTmpfs"),
            Key("cgroups", "CgroupsMode"),
        ];

    /// <summary>What a unit limits, and more: by a key, by the option itself where podman has no key, or by
    /// systemd.resource-control(5).</summary>
    private static RunOption[] Limits() =>
        [
            Key("memory", "Memory") with
            {
                Letter = 'm',
            },
            Argument("memory-reservation"),
            Argument("cpus"),
            Argument("cpu-shares") with
            {
                Letter = 'c',
            },
            Argument("cpuset-cpus"),
            Argument("device-cgroup-rule") with
            {
                HasCommas = true,
            },
            Argument("image-volume"),
            Argument("mac-address"),
            Argument("systemd"),
            Argument("umask"),
            Service("cpuset-mems", "AllowedMemoryNodes"),
            Service("oom-score-adj", "OOMScoreAdjust"),
            new("memory-swap", static (c, o) => c.Later(o)),
            new("cpu-period", static (c, o) => c.Later(o)),
            new("cpu-quota", static (c, o) => c.Later(o)),
            new("blkio-weight", static (c, o) => c.IOWeight(o)),
            new("blkio-weight-device", static (c, o) => c.DeviceWeight(o)),
            new("device-read-bps", static (c, o) => c.DeviceLimit(o, "IOReadBandwidthMax", isBytes: true)),
            new("device-write-bps", static (c, o) => c.DeviceLimit(o, "IOWriteBandwidthMax", isBytes: true)),
            new("device-read-iops", static (c, o) => c.DeviceLimit(o, "IOReadIOPSMax", isBytes: false)),
            new("device-write-iops", static (c, o) => c.DeviceLimit(o, "IOWriteIOPSMax", isBytes: false)),
            new("timeout", static (c, o) => c.File.OnlyLine("Service", "RuntimeMaxSec", o.Value, o.Place)),
        ];

    /// <summary>Those that are more than their value.</summary>
    private static RunOption[] Own() =>
        [
            new("add-host", static (c, o) => c.AddHost(o)) { HasCommas = true },
            new("cgroup-parent", static (c, o) => c.Slice(o)),
            new("device", static (c, o) => c.Device(o)),
            new("gpus", static (c, o) => c.Gpus(o)),
            new("env", static (c, o) => c.Environment(o)) { Letter = 'e' },
            new("env-file", static (c, o) => c.EnvironmentFile(o)),
            new("expose", static (_, _) => { }) { HasCommas = true },
            new("health-cmd", static (c, o) => c.HealthCommand(o)) { Aliases = "healthcheck-command" },
            new("label-file", static (c, o) => c.LabelFile(o)),
            new("log-driver", static (c, o) => c.LogDriver(o)),
            new("log-opt", static (c, o) => c.LogOption(o)),
            new("mount", static (c, o) => c.Mount(o)),
            new("name", static (_, _) => { }),
            new("network", static (c, o) => c.Network(o)) { Aliases = "net" },
            new("no-healthcheck", static (c, o) => c.NoHealthCheck(o)) { IsSwitch = true },
            new("platform", static (c, o) => c.Platform(o)),
            new("arch", static (c, o) => c.Platform(o)) { Aliases = "override-arch" },
            new("os", static (c, o) => c.Platform(o)) { Aliases = "override-os" },
            new("publish", static (c, o) => c.Publish(o)) { Letter = 'p', HasCommas = true },
            new("requires", static (c, o) => c.Requires(o)) { HasCommas = true },
            new("restart", static (c, o) => c.Restart(o)),
            new("runtime", static (c, o) => c.Runtime(o)),
            new("sdnotify", static (c, o) => c.Notify(o)),
            new("security-opt", static (c, o) => c.Security(o)),
            new("user", static (c, o) => c.User(o)) { Letter = 'u' },
            new("volume", static (c, o) => c.Volume(o)) { Letter = 'v' },
            new("privileged", static (c, o) => c.Privileged(o)) { IsSwitch = true },
            new(RunConverter.RootfsOption, static (_, _) => { }) { IsSwitch = true },
            Namespace("cgroupns"),
            Namespace("ipc"),
            Namespace("pid"),
            Namespace("uts"),
        ];

    /// <summary>Those that need nothing to be done, and some words.</summary>
    private static RunOption[] Idle() =>
        [
            Done("attach") with
            {
                Letter = 'a',
            },
            Flag("detach") with
            {
                Letter = 'd',
            },
            Done("detach-keys"),
            new("disable-content-trust", static (c, o) => c.ContentTrust(o)) { IsSwitch = true },
            Flag("help"),
            Flag("interactive", "a unit has no input: StandardInput= in [Service] (systemd.exec(5)) gives one") with
            {
                Letter = 'i',
            },
            Done("kernel-memory", "the kernel has no such limit any more"),
            Flag("passwd"),
            Flag("quiet") with
            {
                Letter = 'q',
            },
            Flag("replace"),
            Flag("rm"),
            Flag("sig-proxy"),
            Flag("tty", "a unit has no terminal; 'sysctr exec -it NAME sh' gives one") with
            {
                Letter = 't',
            },
        ];

    /// <summary>Those that have no counterpart.</summary>
    private static RunOption[] Lost() =>
        [
            Refused("authfile", OfHost, "'sysctr login' keeps them in ~/.config/containers/auth.json"),
            Refused("cert-dir", OfHost, "keep them in /etc/containers/certs.d/HOST"),
            Refused("creds", OfHost, "'sysctr login' keeps them"),
            Refused("signature-policy", OfHost, "/etc/containers/policy.json says it"),
            RefusedSwitch("tls-verify", OfHost, "an insecure registry stands in registries.conf"),
            Refused("decryption-key", "sysctr reads no encrypted layers", null),
            Refused(
                "cgroup-conf",
                "a unit's control group is systemd's",
                "[Service] takes the settings of systemd.resource-control(5)"
            ),
            Refused("chrootdirs", "sysctr manages no files of a chroot in a container", null),
            Refused("cidfile", "a container is found by its name, and has no other ID", "use the name"),
            Refused(
                "conmon-pidfile",
                "there is no conmon",
                "'systemctl show -P MainPID NAME' tells the payload's process"
            ),
            Refused("pidfile", "systemd knows the process", "'systemctl show -P MainPID NAME' tells it"),
            Refused("cpu-count", Windows, null),
            Refused("cpu-percent", Windows, null),
            Refused("io-maxbandwidth", Windows, null),
            Refused("io-maxiops", Windows, null),
            Refused("isolation", Windows, null),
            Refused("cpu-rt-period", NoSuchLimit, null),
            Refused("cpu-rt-runtime", NoSuchLimit, null),
            Refused("memory-swappiness", NoSuchLimit, "MemorySwapMax= in [Service] limits swap"),
            RefusedSwitch(
                "oom-kill-disable",
                NoSuchLimit,
                "OOMScoreAdjust= in [Service] makes it the last to be killed"
            ),
            Refused("domainname", "a container has no NIS domain", "HostName=NAME.DOMAIN gives the host name a domain"),
            Refused(
                "env-merge",
                "variables of the image are not put together when it is applied",
                "write the value out with Environment="
            ),
            Refused("unsetenv", "a variable of the image can't be taken away", "Environment=NAME= empties it"),
            RefusedSwitch(
                "unsetenv-all",
                "variables of the image can't be taken away",
                "Environment=NAME= empties one"
            ),
            Refused("group-entry", "/etc/group is the image's", "mount a file of your own by Volume="),
            Refused("passwd-entry", "/etc/passwd is the image's", "mount a file of your own by Volume="),
            Refused("hostuser", "/etc/passwd is the image's", "mount a file of your own by Volume="),
            Refused("hosts-file", "/etc/hosts is made of the container's networks", "AddHost= adds lines"),
            RefusedSwitch(
                "no-hosts",
                "/etc/hosts is made of the container's networks",
                "mount a file of your own by Volume=FILE:/etc/hosts:ro"
            ),
            RefusedSwitch(
                "no-hostname",
                "/etc/hostname is made at each start",
                "mount a file of your own by Volume=FILE:/etc/hostname:ro"
            ),
            Refused("health-start-interval", "checks have one interval", "HealthInterval= says it"),
            Refused("init-path", "the host's own init is used (catatonit, docker-init or tini-static)", "leave it out"),
            Refused(
                "init-ctr",
                "there are no containers that only prepare",
                "a container with Type=oneshot in [Service], and After= and Requires= of this one, does it"
            ),
            Refused(
                "link",
                "links of docker are no networks",
                "put both on one network by name; there they find each other by their names"
            ),
            Refused("link-local-ip", "a container has the addresses of its networks", null),
            Refused("personality", "a payload has the host's", null),
            Refused(
                "pod",
                "sysctr takes no name of a pod that podman has",
                "let one container join another's network by Network=OTHER.container"
            ),
            Refused(
                "pod-id-file",
                "sysctr takes no ID of a pod that podman has",
                "let one container join another's network by Network=OTHER.container"
            ),
            Refused("preserve-fd", "a unit has no open files of a caller", "a socket unit hands it sockets"),
            Refused("preserve-fds", "a unit has no open files of a caller", "a socket unit hands it sockets"),
            RefusedSwitch(
                "publish-all",
                "which ports that are is the image's to say, and changes with it",
                "name them: PublishPort=8080:80"
            ) with
            {
                Letter = 'P',
            },
            Refused("rdt-class", "sysctr sets no class of Intel RDT", null),
            RefusedSwitch("rmi", "an image stays until 'sysctr images prune --all' finds it unused", null),
            Refused(
                "seccomp-policy",
                "the filter is the host's seccomp.json, else sysctr's own",
                "SeccompProfile=unconfined leaves it out"
            ),
            Refused("shm-size-systemd", "/run and /tmp have no limits of their own", "Tmpfs=/run:size=SIZE gives one"),
            Refused(
                "storage-opt",
                "a root that can be written to is in memory, or a directory of the host",
                "limit the memory, or the file system"
            ),
            RefusedSwitch("use-api-socket", "there is no daemon whose socket it could be", null),
            Refused("variant", "an image is fetched for this host's own platform", null),
            Refused(
                "volume-driver",
                "a volume is a directory of the host",
                "mount what it shall be by a .mount unit, and name the directory with Volume=/DIR:DIR"
            ),
            Refused("volumes-from", "each container names its volumes", "write the Volume= lines of that container"),
        ];

    private static RunOption Key(string name, string key) => new(name, (c, o) => c.File.Key(key, o.Value, o.Place));

    private static RunOption Switch(string name, string key) =>
        new(name, (c, o) => c.File.Key(key, o.IsOff ? "false" : "true", o.Place)) { IsSwitch = true };

    /// <summary>What the option itself says to podman and to us, for there is no key.</summary>
    private static RunOption Argument(string name) =>
        new(
            name,
            (c, o) =>
                c.File.Key("PodmanArgs", $"--{name}={SettingOptions.Find(name)?.Said(o.Value) ?? o.Value}", o.Place)
        );

    private static RunOption Service(string name, string key) =>
        new(name, (c, o) => c.File.OnlyLine("Service", key, o.Value, o.Place));

    private static RunOption Done(string name, string? word = null) =>
        new(
            name,
            (c, o) =>
            {
                if (word is not null)
                {
                    c.File.Note(o.Place, word);
                }
            }
        );

    private static RunOption Flag(string name, string? word = null) =>
        new(
            name,
            (c, o) =>
            {
                if (word is not null && !o.IsOff)
                {
                    c.File.Note(o.Place, word);
                }
            }
        )
        {
            IsSwitch = true,
        };

    private static RunOption Refused(string name, string why, string? advice) =>
        new(name, (c, o) => c.File.Lose(o.Place, why, advice));

    private static RunOption RefusedSwitch(string name, string why, string? advice) =>
        new(
            name,
            (c, o) =>
            {
                // To say no to what is not there is nothing; but for what is there unless somebody says no.
                if (o.IsOff == (name == "tls-verify"))
                {
                    c.File.Lose(o.Place, why, advice);
                }
            }
        )
        {
            IsSwitch = true,
        };

    /// <summary>Private is what a container has anyway.</summary>
    private static RunOption Namespace(string name) =>
        new(
            name,
            (c, o) =>
            {
                if (o.Value is not ("" or "private"))
                {
                    c.File.Key("PodmanArgs", $"--{name}={o.Value}", o.Place);
                }
            }
        );
}
