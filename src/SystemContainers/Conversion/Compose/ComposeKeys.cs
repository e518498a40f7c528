// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Yaml;

namespace SystemContainers.Conversion.Compose;

/// <summary>The keys of a service (compose-spec.io, "Services top-level element"), each with what becomes of it: an
/// option of docker run for the most part.</summary>
static class ComposeKeys
{
    private const string Swarm = "it is of docker's swarm, or of how compose runs";

    private static readonly Dictionary<string, Action<ComposeService, YamlNode>> s_keys = new(StringComparer.Ordinal)
    {
        ["annotations"] = Pairs("annotation"),
        ["attach"] = Idle(),
        ["blkio_config"] = static (s, n) => s.BlockIO(n),
        ["build"] = Lost(
            "sysctr builds no images",
            "build it with podman or buildah, push it, and name it with Image="
        ),
        ["cap_add"] = Each("cap-add"),
        ["cap_drop"] = Each("cap-drop"),
        ["cgroup"] = One("cgroupns"),
        ["cgroup_parent"] = One("cgroup-parent"),
        ["command"] = static (s, n) => s.Command(n),
        ["configs"] = static (s, n) => s.Granted(n, "configs"),
        ["container_name"] = Idle(),
        ["cpu_count"] = One("cpu-count"),
        ["cpu_percent"] = One("cpu-percent"),
        ["cpu_period"] = One("cpu-period"),
        ["cpu_quota"] = One("cpu-quota"),
        ["cpu_rt_period"] = One("cpu-rt-period"),
        ["cpu_rt_runtime"] = One("cpu-rt-runtime"),
        ["cpu_shares"] = One("cpu-shares"),
        ["cpus"] = One("cpus"),
        ["cpuset"] = One("cpuset-cpus"),
        ["credential_spec"] = Lost("it is for Windows", null),
        ["depends_on"] = static (s, n) => s.DependsOn(n),
        ["deploy"] = static (s, n) => s.Deploy(n),
        ["develop"] = Lost("it is of compose's own watch", "'sysctr apply' takes a changed file"),
        ["device_cgroup_rules"] = Each("device-cgroup-rule"),
        ["devices"] = static (s, n) => s.Devices(n),
        ["dns"] = Each("dns"),
        ["dns_opt"] = Each("dns-option"),
        ["dns_search"] = Each("dns-search"),
        ["domainname"] = One("domainname"),
        ["driver_opts"] = Lost(Swarm, null),
        ["entrypoint"] = static (s, n) => s.EntryPoint(n),
        ["env_file"] = static (s, n) => s.EnvironmentFiles(n),
        ["environment"] = static (s, n) => s.Environment(n),
        ["expose"] = Idle(),
        ["extends"] = Idle(),
        ["external_links"] = Each("link"),
        ["extra_hosts"] = static (s, n) => s.ExtraHosts(n),
        ["gpus"] = static (s, n) => s.Gpus(n),
        ["group_add"] = Each("group-add"),
        ["healthcheck"] = static (s, n) => s.HealthCheck(n),
        ["hostname"] = One("hostname"),
        ["image"] = Idle(),
        ["init"] = Switch("init"),
        ["ipc"] = One("ipc"),
        ["isolation"] = One("isolation"),
        ["label_file"] = static (s, n) => s.Paths(n, "label-file"),
        ["labels"] = Pairs("label"),
        ["links"] = static (s, n) => s.Links(n),
        ["logging"] = static (s, n) => s.Logging(n),
        ["mac_address"] = One("mac-address"),
        ["mem_limit"] = One("memory"),
        ["mem_reservation"] = One("memory-reservation"),
        ["mem_swappiness"] = One("memory-swappiness"),
        ["memswap_limit"] = One("memory-swap"),
        ["models"] = Lost("sysctr runs no models beside containers", null),
        ["network_mode"] = static (s, n) => s.NetworkMode(n),
        ["networks"] = Idle(),
        ["oom_kill_disable"] = Switch("oom-kill-disable"),
        ["oom_score_adj"] = One("oom-score-adj"),
        ["pid"] = One("pid"),
        ["pids_limit"] = One("pids-limit"),
        ["platform"] = One("platform"),
        ["ports"] = static (s, n) => s.Ports(n),
        ["post_start"] = Lost(
            "there are no hooks of compose",
            "ExecStartPost= in [Service], with 'sysctr exec NAME COMMAND', is one of systemd"
        ),
        ["pre_stop"] = Lost(
            "there are no hooks of compose",
            "ExecStop= in [Service], with 'sysctr exec NAME COMMAND', is one of systemd"
        ),
        ["privileged"] = Switch("privileged"),
        ["profiles"] = Idle(),
        ["provider"] = Lost("a service is a container here", null),
        ["pull_policy"] = static (s, n) => s.PullPolicy(n),
        ["pull_refresh_after"] = Lost("the registry is asked when files are applied", "Pull=always asks each time"),
        ["read_only"] = Switch("read-only"),
        ["restart"] = One("restart"),
        ["runtime"] = One("runtime"),
        ["scale"] = static (s, n) => s.Replicas(n, "scale"),
        ["secrets"] = static (s, n) => s.Granted(n, "secrets"),
        ["security_opt"] = Each("security-opt"),
        ["shm_size"] = One("shm-size"),
        ["stdin_open"] = Switch("interactive"),
        ["stop_grace_period"] = static (s, n) => s.StopGracePeriod(n),
        ["stop_signal"] = One("stop-signal"),
        ["storage_opt"] = Pairs("storage-opt"),
        ["sysctls"] = Pairs("sysctl"),
        ["tmpfs"] = Each("tmpfs"),
        ["tty"] = Switch("tty"),
        ["ulimits"] = static (s, n) => s.Ulimits(n),
        ["use_api_socket"] = Switch("use-api-socket"),
        ["user"] = One("user"),
        ["userns_mode"] = One("userns"),
        ["uts"] = One("uts"),
        ["volumes"] = static (s, n) => s.Volumes(n),
        ["volumes_from"] = Each("volumes-from"),
        ["working_dir"] = One("workdir"),
    };

    /// <summary>What becomes of a key; null for none.</summary>
    public static Action<ComposeService, YamlNode>? Find(string key) => s_keys.GetValueOrDefault(key);

    public static IReadOnlyCollection<string> All => s_keys.Keys;

    private static Action<ComposeService, YamlNode> One(string option) =>
        (service, node) =>
        {
            if (ComposeValues.Text(node) is { } text)
            {
                service.Add(option, text, node);
            }
            else if (node is not YamlScalar)
            {
                service.Lose(node, "it is no string", null);
            }
        };

    private static Action<ComposeService, YamlNode> Switch(string option) =>
        (service, node) =>
        {
            bool isYes = ComposeValues.IsYes(node);
            if (isYes || ComposeValues.IsNo(node))
            {
                service.Add(option, isYes ? "true" : "false", node);
            }
            else
            {
                service.Lose(node, "it is neither true nor false", null);
            }
        };

    private static Action<ComposeService, YamlNode> Each(string option) =>
        (service, node) =>
        {
            foreach ((string text, YamlNode at) in service.Texts(node))
            {
                service.Add(option, text, at);
            }
        };

    private static Action<ComposeService, YamlNode> Pairs(string option) =>
        (service, node) =>
        {
            foreach ((string name, string? value, YamlNode at) in service.Pairs(node))
            {
                service.Add(option, $"{name}={value}", at);
            }
        };

    private static Action<ComposeService, YamlNode> Idle() => static (_, _) => { };

    private static Action<ComposeService, YamlNode> Lost(string why, string? advice) =>
        (service, node) => service.Lose(node, why, advice);
}
