// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Bundle;
using SystemContainers.Bundle.Checks;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Oci;
using SystemContainers.Render.HostFiles;
using SystemContainers.Render.Request;
using SystemContainers.Settings;
using SystemContainers.Settings.Ids;
using SystemContainers.Templates;

namespace SystemContainers.Render.Spec;

/// <summary>
/// config.json for an image that brings none: what podman would give an unprivileged container, on the host's network
/// where nothing else is said, with a root file system that is read-only. Limits are systemd's business and are left
/// out.
/// </summary>
static class RuntimeSpecBuilder
{
    /// <summary>The document's bytes.</summary>
    /// <exception cref="SysctrException">Template: the image says nothing that could be run, or names a user that it
    /// does not have.</exception>
    /// <param name="request">The container.</param>
    /// <param name="volumes">What it keeps on the host.</param>
    /// <param name="changes">Where a persistent root keeps what was written to it.</param>
    /// <param name="health">What to check while it runs; null for nothing.</param>
    public static byte[] Build(
        RenderRequest request,
        IReadOnlyList<Volume> volumes,
        string changes,
        PeriodicCheck? health
    ) =>
        JsonSerializer.SerializeToUtf8Bytes(
            Config(request, volumes, changes, health),
            RuntimeJson.Default.RuntimeConfig
        );

    private static RuntimeConfig Config(
        RenderRequest request,
        IReadOnlyList<Volume> volumes,
        string changes,
        PeriodicCheck? health
    )
    {
        SpecSettings settings = request.Settings.Spec;
        bool isUsers = request.Host.UserIds is not null;
        NetworkRequest network = NetworkRequest.For(settings, request.Name, isUsers);
        ImageRunConfig run = request.Image.Run ?? new ImageRunConfig();
        string[] arguments = [.. run.Entrypoint ?? [], .. run.Cmd ?? []];
        if (arguments.Length == 0 && FindDefault(request.Files) is { } script)
        {
            arguments = [script];
        }

        if (arguments.Length == 0)
        {
            throw new SysctrException(
                ErrorKind.Template,
                $"making config.json for {request.ImageName}: the image has neither an entry point nor a command",
                "the image's author has to give it one, or a /exports/config.json"
            );
        }

        ImageUser user = FindUser(request, run);
        IdMap? map = request.UserMap;
        if (map is not null && !(map.HasUid(user.Uid) && map.HasGid(user.Gid)))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"making config.json for {request.ImageName}: its payload is user {user.Uid} and group {user.Gid}, and its user namespace has no such ids",
                "map them, too, or give it more by --userns auto:size=COUNT"
            );
        }

        bool systemd = ImageSettings.IsSystemd(run, settings);
        string[] capabilities =
        [
            .. settings.Privileged ? request.Host.Capabilities
            : settings.ChangesCapabilities
                ? settings.Capabilities(Capabilities.ContainerDefaults, [.. request.Host.Capabilities])
            : Capabilities.ContainerDefaults.Where(request.Host.Capabilities.Contains),
        ];

        // As podman does: only root has them at once; anybody else gets those that were asked for by name, and the
        // bounding set says what setuid files may add.
        string[] effective =
            user.Uid == 0 ? capabilities : [.. settings.CapAdd.Intersect(capabilities, StringComparer.Ordinal)];
        string[]? ambient = user.Uid == 0 || effective.Length == 0 ? null : effective;
        return new RuntimeConfig(
            "1.0.2",
            new ProcessConfig(
                Terminal: false,
                new UserConfig(
                    user.Uid,
                    user.Gid,
                    [
                        .. user
                            .Groups.Concat(settings.Groups.Select(g => ImageUser.GroupOf(g, request.Files)))
                            .Distinct(),
                    ],
                    settings.Umask
                ),
                settings.Init ? [InitProgram.Inside, "--", .. arguments] : arguments,
                Environment([.. systemd ? SystemdVariables(request) : [], .. run.Env ?? []], user),
                HostPath.Absolute(run.WorkingDir ?? "/"),
                new CapabilityConfig(capabilities, effective, effective, ambient, ambient),
                [.. settings.Ulimits.Select(u => new RlimitConfig(u.Type, u.Hard, u.Soft))],
                NoNewPrivileges: !(settings.Security.NewPrivileges ?? settings.Privileged),
                SpecSecurity.AppArmor(settings.Security, request.Host),
                settings.OomScoreAdj
            ),
            new RootConfig("rootfs", Readonly: settings.Writable != SpecSettings.Direct),
            SpecMounts.Of(request, settings, volumes, systemd),
            new LinuxConfig(
                [
                    .. settings.HostPids ? [] : (NamespaceConfig[])[new("pid")],
                    .. settings.Ipc == "host" ? [] : (NamespaceConfig[])[new("ipc")],
                    new("mount"),
                    .. settings.HostCgroups ? [] : (NamespaceConfig[])[new("cgroup")],
                    .. map is null ? [] : (NamespaceConfig[])[new("user")],
                    .. network.HostName is null && settings.HostUts != false ? [] : (NamespaceConfig[])[new("uts")],
                    .. network.Mode == NetworkMode.Host
                        ? []
                        : (NamespaceConfig[])
                            [new("network", network.Mode == NetworkMode.Namespace ? network.Of : null)],
                ],
                Resources(settings),
                SpecSecurity.Masked(settings),
                SpecSecurity.ReadOnly(settings),
                SpecSecurity.Seccomp(settings, request.Host, capabilities),
                Sysctls(settings, network, isUsers ? null : map),
                Mappings(map?.Uids),
                Mappings(map?.Gids)
            ),
            network.HostName,
            Annotations(
                settings,
                network,
                request
                    .UnitLines.Where(l => l is { Section: DeclaredUnit.Ours, Key: DeclaredUnit.Environment })
                    .Select(l => l.Value),
                changes,
                health,
                NeedsLogPipe(request, arguments),
                systemd,
                isUsers && map is not null,
                [.. OwnedVolumes.OfUser(request, volumes)],
                map is null || isUsers
                    ? []
                    :
                    [
                        "/",
                        .. settings
                            .Volumes.Where(v => v.IsMapped)
                            .Select(v => v.Destination)
                            .Union(volumes.Select(v => v.Destination), StringComparer.Ordinal)
                            .Union(request.ImageMounts.Select(m => m.Destination), StringComparer.Ordinal),
                    ]
            )
        );
    }

    /// <summary>By which a systemd knows that it is in a container, and which one
    /// (https://systemd.io/CONTAINER_INTERFACE).</summary>
    private static string[] SystemdVariables(RenderRequest request) =>
        ["container=oci", $"container_uuid={request.Uuid.Replace("-", "", StringComparison.Ordinal)}"];

    /// <summary>The payload's user; one that settings name and the image does not have is the settings'
    /// fault.</summary>
    private static ImageUser FindUser(RenderRequest request, ImageRunConfig run)
    {
        try
        {
            return ImageUser.Find(UserOf(request, run), request.Files);
        }
        catch (SysctrException e) when (request.Settings.One("user") is { } said)
        {
            throw new SysctrException(e.Kind, e.Message, "name a user that the image has, or its number", e)
            {
                Setting = new SettingFault("user", said, e.Message),
            };
        }
    }

    /// <summary>As podman has it: who keeps the ids is the caller inside, whatever the image says, unless a user is
    /// named.</summary>
    private static string? UserOf(RenderRequest request, ImageRunConfig run) =>
        request.Settings.Spec.UserNamespace is { Mode: UserNamespaceMode.KeepId } kept
        && request.Settings.One("user") is null
            ? $"{kept.Uid ?? request.Host.Uid}:{kept.Gid ?? request.Host.Gid}"
            : run.User;

    private static IdMappingConfig[]? Mappings(IReadOnlyList<IdRange>? ranges) =>
        ranges is null ? null : [.. ranges.Select(r => new IdMappingConfig(r.Inside, r.Outside, r.Count))];

    /// <summary>What runs once writes into a pipe of its caller's, which has a path.</summary>
    private static bool NeedsLogPipe(RenderRequest request, IReadOnlyList<string> arguments) =>
        !request.MayWriteRoot
        && (
            request.Settings.Spec.LogPipe ?? LogPaths.Find(request.Files, arguments, request.Image.Run?.Env) is not null
        );

    private static SortedDictionary<string, string> Annotations(
        SpecSettings settings,
        NetworkRequest network,
        IEnumerable<string> environment,
        string changes,
        PeriodicCheck? health,
        bool pipe,
        bool systemd,
        bool hasOwners,
        IReadOnlyList<string> owned,
        IReadOnlyList<string> mapped
    )
    {
        SortedDictionary<string, string> annotations = new(StringComparer.Ordinal);
        foreach ((string name, string value) in settings.Annotations)
        {
            annotations[name] = value;
        }

        if (settings.KeepsGroups)
        {
            // crun(1): it then leaves the groups that it is started with.
            annotations["run.oci.keep_original_groups"] = "1";
        }

        Add(
            StartAnnotations.Environment,
            [
                "unit",
                .. settings.HttpProxy ? [] : (string[])[StartAnnotations.NoProxies],
                .. settings.EnvHost ? [StartAnnotations.AllVariables] : (string[])[],
                .. environment,
            ]
        );
        Add(StartAnnotations.Devices, settings.Devices);
        Add(StartAnnotations.NamedDevices, settings.NamedDevices);
        Add(StartAnnotations.AllDevices, settings.Privileged ? [systemd ? StartAnnotations.NoConsoles : "all"] : []);
        Add(StartAnnotations.Secrets, settings.Secrets);
        Add(StartAnnotations.Health, health is null ? [] : [health.ToJson()]);
        Add(NetworkRequest.Annotation, network.IsPlain ? [] : [network.ToJson()]);
        Add(StartAnnotations.Mapped, mapped);
        Add(StartAnnotations.Owners, hasOwners ? ["disk"] : []);
        Add(StartAnnotations.Owned, owned);
        Add(StartAnnotations.Log, pipe ? ["pipe"] : []);
        Add(
            StartAnnotations.Writable,
            settings.Writable is { } writable and not SpecSettings.Direct
                ? [writable == SpecSettings.Persistent ? changes : writable]
                : []
        );
        return annotations;

        void Add(string name, IReadOnlyList<string> lines)
        {
            if (lines.Count > 0)
            {
                annotations[name] = string.Join('\n', lines);
            }
        }
    }

    /// <summary>As podman's default (containers.conf(5), default_sysctls): whose network it is may ping without a
    /// capability.</summary>
    private static Dictionary<string, string>? Sysctls(SpecSettings settings, NetworkRequest network, IdMap? map)
    {
        const string ping = "net.ipv4.ping_group_range";
        if (
            network.Mode == NetworkMode.Host
            && settings.Sysctls.Keys.FirstOrDefault(n =>
                n.Replace('/', '.').StartsWith("net.", StringComparison.Ordinal)
            )
                is { } hosts
        )
        {
            throw new SettingFault(
                "sysctl",
                $"{hosts}={settings.Sysctls[hosts]}",
                "it would be the host's, whose network the container has"
            ).ToException("give it one of its own by --network, or set it in sysctl.d(5)");
        }

        if (
            settings.Ipc == "host"
            && settings.Sysctls.Keys.FirstOrDefault(n =>
                !n.Replace('/', '.').StartsWith("net.", StringComparison.Ordinal)
            )
                is { } shared
        )
        {
            throw new SettingFault(
                "sysctl",
                $"{shared}={settings.Sysctls[shared]}",
                "it would be the host's, whose IPC namespace the container has"
            ).ToException("leave --ipc=host out, or set it in sysctl.d(5)");
        }

        // A network that was made before the payload's users is not theirs to set.
        bool makes =
            network.Mode is NetworkMode.None
            || (map is null && network.Mode is NetworkMode.Bridge or NetworkMode.Pasta);
        Dictionary<string, string> all = new(settings.Sysctls, StringComparer.Ordinal);
        if (makes && !all.ContainsKey(ping))
        {
            all[ping] = "0 0";
        }

        return all.Count == 0 ? null : all;
    }

    private static ResourcesConfig Resources(SpecSettings settings)
    {
        const long period = 100_000;
        bool cpu = settings.Cpus is not null || settings.CpuShares is not null || settings.CpusetCpus is not null;
        return new ResourcesConfig(
            settings.Privileged
                ? [new DeviceRule(Allow: true, "rwm")]
                :
                [
                    new DeviceRule(Allow: false, "rwm"),
                    .. settings
                        .DeviceRules.Select(DeviceSetting.ParseRule)
                        .Select(r => new DeviceRule(Allow: true, r.Access, r.Type, r.Major, r.Minor)),
                ],
            settings.Memory is null && settings.MemoryReservation is null
                ? null
                : new MemoryConfig(settings.Memory, settings.MemoryReservation),
            cpu
                ? new CpuConfig(
                    settings.CpuShares,
                    settings.Cpus is { } count ? (long)(count * period) : null,
                    settings.Cpus is null ? null : period,
                    settings.CpusetCpus
                )
                : null,
            settings.PidsLimit is { } pids ? new PidsConfig(pids) : null
        );
    }

    /// <summary>The old tool's configuration for an image without one ran <c>run.sh</c>; its path, where the image has
    /// it.</summary>
    private static string? FindDefault(IImageFiles files) =>
        ImageProgram
            .DefaultPath["PATH=".Length..]
            .Split(':')
            .Select(d => d + "/run.sh")
            .FirstOrDefault(f => files.Find(f)?.Kind == ImageFileKind.Regular);

    /// <summary>The image's variables, the last of a name winning, with PATH and HOME where it has none.</summary>
    private static string[] Environment(IReadOnlyList<string> given, ImageUser user)
    {
        Dictionary<string, string> byName = new(StringComparer.Ordinal);
        List<string> names = [];
        foreach (string entry in (IEnumerable<string>)[ImageProgram.DefaultPath, $"HOME={user.Home}", .. given])
        {
            string name = entry.Split('=', 2)[0];
            if (name.Length == 0 || entry.Contains('\0', StringComparison.Ordinal))
            {
                continue;
            }

            if (!byName.ContainsKey(name))
            {
                names.Add(name);
            }

            byName[name] = entry.Contains('=', StringComparison.Ordinal) ? entry : entry + "=";
        }

        return [.. names.Select(n => byName[n])];
    }
}
