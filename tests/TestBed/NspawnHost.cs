// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.TestBed;

/// <summary>
/// A host in systemd-nspawn: up in about a second, with its own systemd, journal, D-Bus and network (loopback only), on
/// a plain copy of its root, so that hard links and renames are those of the disk's file system. It has no cgroup
/// controllers where the build machine binds them to cgroup v1: limits need a <see cref="QemuHost"/>.
/// </summary>
public sealed class NspawnHost : TestHost
{
    /// <summary>nspawn(1) ends so when the host asked for a reboot and nspawn is not its own unit's
    /// supervisor.</summary>
    private const int RebootExitCode = 133;

    private readonly Scratch _scratch;
    private readonly NetworkNamespace _network;
    private string? _lower;
    private BackgroundProcess? _nspawn;
    private RegistryServer? _registry;
    private int _leader;

    private NspawnHost(Scratch scratch, NetworkNamespace network)
    {
        _scratch = scratch;
        _network = network;
    }

    /// <summary>The host's root directory, as seen from the build machine; of a host in a hub only what differs from
    /// the others.</summary>
    public string Root => _scratch.File("root");

    /// <summary>The directory that is the host's root while it runs, with all that is mounted there, as seen from the
    /// build machine.</summary>
    public string RunningRoot => $"/proc/{_leader}/root";

    /// <summary>Its network namespace.</summary>
    public NetworkNamespace Network => _network;

    /// <summary>The registry on the host's loopback, when it was started.</summary>
    public RegistryServer? RegistryServer => _registry;

    /// <summary>Copies a root, puts the published binaries into it, and boots it.</summary>
    /// <param name="root">Which Debian.</param>
    /// <param name="registryStorage">
    /// Storage directory of the registry on <see cref="TestHost.Registry"/>, served read-only; null for none.
    /// </param>
    /// <param name="hub">A network that it shares with other hosts, and then the files of its root too; null for none
    /// but its own.</param>
    public static async Task<NspawnHost> StartAsync(HostRoot root, string? registryStorage, HubNetwork? hub = null)
    {
        string source = await root.GetAsync();
        Scratch scratch = await Scratch.CreateAsync();
        NspawnHost? host = null;
        try
        {
            host = new NspawnHost(scratch, await NetworkNamespace.CreateAsync(scratch.Name));
            if (hub is null)
            {
                await Command.MustAsync("cp", "-a", "--reflink=auto", source, host.Root);
            }
            else
            {
                await hub.JoinAsync(host._network);
                await host.PutOverAsync(source);
            }

            await HostSetup.PrepareAsync(host.Root, scratch.Name);
            MaskGenerators(source, host.Root);
            if (registryStorage is not null)
            {
                host._registry = await RegistryServer.StartAsync(
                    scratch,
                    host._network,
                    registryStorage,
                    readOnly: true
                );
            }

            await host.BootAsync();
            return host;
        }
        catch
        {
            await (host?.DisposeAsync() ?? scratch.DisposeAsync());
            throw;
        }
    }

    /// <summary>The command line on the build machine that runs another one in the host.</summary>
    public IReadOnlyList<string> CommandLine(IReadOnlyList<string> inside) =>
        [
            "nsenter",
            "-t",
            _leader.ToString(CultureInfo.InvariantCulture),
            "-m",
            "-u",
            "-i",
            "-n",
            "-p",
            "-C",
            "-r",
            "-w",
            .. CleanEnvironment,
            .. inside,
        ];

    /// <summary>Starts a second, empty registry on <see cref="TestHost.MovingRegistry"/>, whose tags a test may
    /// move.</summary>
    /// <param name="login">The one user that it serves, <c>NAME:PASSWORD</c>, and then with a storage of its own; null
    /// to serve all.</param>
    public Task<RegistryServer> StartMovingRegistryAsync(string? login = null) =>
        RegistryServer.StartAsync(
            _scratch,
            _network,
            Directory.CreateDirectory(_scratch.File(login is null ? "moving" : "private")).FullName,
            readOnly: false,
            MovingRegistry,
            login
        );

    /// <inheritdoc/>
    public override Task<CommandResult> RunAsync(IReadOnlyList<string> commandLine, TimeSpan? timeout = null) =>
        Command.RunAsync(CommandLine(commandLine), timeout ?? TimeSpan.FromMinutes(3));

    /// <inheritdoc/>
    public override async Task RebootAsync()
    {
        await RunAsync("systemctl", "reboot");
        await EndAsync(RebootExitCode);
        await BootAsync();
    }

    /// <inheritdoc/>
    public override async Task PowerCutAsync()
    {
        // The processes are gone at once; what they wrote is kept, synced or not: the build machine goes on.
        await _nspawn!.DisposeAsync();
        await ControlGroup.RemoveAsync(_scratch.Name);
        await BootAsync();
    }

    /// <summary>Runs something while the host's systemd stands still, as one does that is busy; a signal from outside
    /// stops even a PID 1.</summary>
    public async Task WhileManagerIsHeldAsync(Func<Task> work)
    {
        string leader = _leader.ToString(CultureInfo.InvariantCulture);
        await Command.MustAsync("kill", "-STOP", leader);
        try
        {
            await work();
        }
        finally
        {
            await Command.MustAsync("kill", "-CONT", leader);
        }
    }

    /// <summary>Stops the host in order; its root can be looked at until it is disposed or booted again.</summary>
    public async Task PowerOffAsync()
    {
        await RunAsync("systemctl", "poweroff");
        await EndAsync(0);
    }

    /// <summary>Boots the host that <see cref="PowerOffAsync"/> stopped.</summary>
    public async Task BootAsync()
    {
        _nspawn = BackgroundProcess.Start(
            _scratch,
            "nspawn",
            [
                .. MountCommand,
                "env",
                "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
                "SYSTEMD_SECCOMP=0",
                "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network",
                "systemd-nspawn",
                "--quiet",
                $"--machine={_scratch.Name}",
                "--register=no",
                "--keep-unit",
                "--capability=all",
                $"--network-namespace-path={_network.Path}",
                "--console=pipe",
                "--bind=/dev/fuse",
                "--boot",
                $"--directory={(_lower is null ? Root : _scratch.File("merged"))}",
            ],
            ControlGroup.Create(_scratch.Name)
        );
        _leader = await FindLeaderAsync(_nspawn);
        await WaitUntilBootedAsync(() => _nspawn.HasEnded, _nspawn.Log);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_nspawn is not null)
        {
            // Nobody looks at this host again: its processes may go as in a power cut, which takes no time.
            await _nspawn.DisposeAsync();
        }

        await ControlGroup.RemoveAsync(_scratch.Name);
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        await _network.DisposeAsync();
        await _scratch.DisposeAsync();
    }

    /// <summary>
    /// Makes the root a layer over one that many hosts share: copies for all would be gigabytes. The two become one in
    /// the mount namespace of the host's nspawn, which leaves no mount behind.
    /// </summary>
    private async Task PutOverAsync(string lower)
    {
        _lower = lower;
        Directory.CreateDirectory(_scratch.File("work"));
        Directory.CreateDirectory(_scratch.File("merged"));
        await Command.MustAsync("install", "-d", "-m", "755", Root, Path.Combine(Root, "etc"));
    }

    /// <summary>
    /// systemd runs them at each of the thousands of reloads that tests make, and they find nothing to do in a
    /// container: no disk, no fstab, no script of System V.
    /// </summary>
    private static void MaskGenerators(string source, string root)
    {
        string masks = Directory.CreateDirectory(Path.Combine(root, "etc/systemd/system-generators")).FullName;
        foreach (
            string generator in Directory.GetFiles(
                Path.Combine(source, "usr/lib/systemd/system-generators"),
                "systemd-*-generator"
            )
        )
        {
            File.CreateSymbolicLink(Path.Combine(masks, Path.GetFileName(generator)), "/dev/null");
        }
    }

    private string[] MountCommand =>
        _lower is null
            ? []
            :
            [
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-euc",
                "mount -t overlay -o \"$1\" overlay \"$2\"; shift 2; exec \"$@\"",
                "mount",
                $"lowerdir={_lower},upperdir={Root},workdir={_scratch.File("work")}",
                _scratch.File("merged"),
            ];

    private async Task EndAsync(int wanted)
    {
        int? code = await _nspawn!.WaitAsync(TimeSpan.FromMinutes(3));
        await _nspawn.DisposeAsync();
        await ControlGroup.RemoveAsync(_scratch.Name);
        if (code != wanted)
        {
            throw new InvalidOperationException(
                $"the host ended with {code?.ToString(CultureInfo.InvariantCulture) ?? "nothing in three minutes"}, not {wanted}:\n"
                    + await File.ReadAllTextAsync(_nspawn.Log)
            );
        }
    }

    /// <summary>The host's first process: the child of nspawn that is number 1 in its own process namespace.</summary>
    private static async Task<int> FindLeaderAsync(BackgroundProcess nspawn)
    {
        while (!nspawn.HasEnded)
        {
            string children = await File.ReadAllTextAsync($"/proc/{nspawn.Id}/task/{nspawn.Id}/children");
            foreach (string child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (IsInit(child))
                {
                    return int.Parse(child, CultureInfo.InvariantCulture);
                }
            }

            await Task.Delay(20);
        }

        throw new InvalidOperationException($"systemd-nspawn ended:\n{await File.ReadAllTextAsync(nspawn.Log)}");
    }

    private static bool IsInit(string processId)
    {
        try
        {
            bool first = File.ReadLines($"/proc/{processId}/status")
                .Any(l =>
                    l.StartsWith("NSpid:", StringComparison.Ordinal) && l.EndsWith("\t1", StringComparison.Ordinal)
                );
            // Before it becomes systemd it is still nspawn, whose mounts are not yet those of the host.
            return first && File.ReadAllText($"/proc/{processId}/comm").Trim() == "systemd";
        }
        catch (IOException)
        {
            return false;
        }
    }
}
