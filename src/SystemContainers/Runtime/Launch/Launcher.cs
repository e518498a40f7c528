// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Runtime.UserNetworks;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// <c>sysctr launch</c>: starts a container for which the runtime's own command line can't do all: sockets with their
/// names, readiness and watchdog, instances, a place beside the payload's cgroup. It writes a config.json for this one
/// start, with what only now is known, has the runtime create the container, tells systemd which process is the
/// payload, and lets it start. Then it is gone.
/// </summary>
static class Launcher
{
    private const string SystemBundles = "/run/sysctr";

    /// <summary>Below the run directory of whoever's systemd calls.</summary>
    private static string Bundles =>
        IsSystems ? SystemBundles : Path.Join(HostUser.OfCaller().RuntimeDirectory, "sysctr");

    /// <summary>Root of a user's namespace is the user.</summary>
    private static bool IsSystems => Libc.geteuid() == 0 && !HostUser.IsInNamespace;

    private const int AdoptionMilliseconds = 10_000;

    /// <returns>Exit status for systemd.</returns>
    /// <exception cref="SysctrException">The container can't be started; says why.</exception>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (arguments is ["exec", ..])
        {
            return BorderExec.Run(arguments[1..]);
        }

        if (arguments is ["notify", var manager, var pidFile, var unit])
        {
            return new NotifyFilter(manager, pidFile, unit).Run();
        }

        if (arguments is ["image", var image, var place])
        {
            return ComposefsRoot.MountByDevice(image, place);
        }

        if (arguments is [NetworksHolder.Verb, ..])
        {
            return NetworksHolder.Run(arguments[1..]);
        }

        if (arguments is [NetworksUplink.Verb])
        {
            return NetworksUplink.Run();
        }

        if (arguments is [DatagramRelay.Verb, ..])
        {
            return DatagramRelay.Run(arguments[1..]);
        }

        LaunchOptions options = LaunchOptions.Parse(arguments);
        if (options.Verb == "tmpfiles")
        {
            return MakeTmpfiles(options.Name);
        }

        if (options.Verb == MountCheck.Verb)
        {
            // Where it is covered inside the container, it has to be there.
            MakePlaces();
            return MountCheck.Run(options.Name, options.Bundle!, Bundles, StoreDirectory);
        }

        if (options.Verb == OwnedSources.Verb)
        {
            return GiveVolumes(options);
        }

        if (options.Verb == PastaGate.Verb)
        {
            return PastaGate.Call(options.Bundle!);
        }

        if (options.Verb is "network-up" or "network-down")
        {
            return LaunchedNetwork.Run(options);
        }

        OciRuntime runtime = OciRuntime.Find(options.Runtime, "/");
        return options.Verb switch
        {
            "start" => StartInUnit(options, runtime),
            "health" => HealthTimer.Check(options.Bundle!, runtime, options.Name),
            "startup" => HealthTimer.CheckStartup(options.Bundle!, runtime, options.Name),
            "await" => HealthTimer.Await(options.Bundle!, runtime, options.Name),
            "kill" => Exec.Replace([.. runtime.Command, "kill", options.Id]),
            _ => Delete(options, runtime),
        };
    }

    /// <summary>What keeps the start from writing below /run, or into its control group, is nearly always the unit's
    /// own sandbox.</summary>
    private static int StartInUnit(LaunchOptions options, OciRuntime runtime)
    {
        try
        {
            return Start(options, runtime);
        }
        catch (IOException e) when (HostFailure.IsReadOnly(e))
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"starting {options.Id}: {e.Message}",
                "if its unit has ProtectSystem=strict, give it ReadWritePaths=/run and its own directories; ProtectControlGroups=yes can't be with a container (sysctr(1), SANDBOX)",
                e
            );
        }
    }

    /// <summary>Makes what a user's tmpfiles name: in the user's namespace, for some of it may belong to users of the
    /// container.</summary>
    private static int MakeTmpfiles(string file)
    {
        HostUser user = HostUser.OfCaller();
        user.Export(inside: true);
        if (!HostUser.IsInNamespace)
        {
            return UserNamespace.Replace(user, [Environment.ProcessPath!, "launch", "tmpfiles", file]);
        }

        SystemdTmpfiles.CreateAsync(file, user, CancellationToken.None).GetAwaiter().GetResult();
        return 0;
    }

    /// <summary>Gives volumes to the payload's user, which takes all of the user's ids.</summary>
    private static int GiveVolumes(LaunchOptions options)
    {
        HostUser user = HostUser.OfCaller();
        user.Export(inside: true);
        if (!HostUser.IsInNamespace)
        {
            // What the start looks at again; but what is given can't be taken back. From here, for in the namespace all
            // that are not the user's look alike.
            MakePlaces();
            Guard(options.Bundle!, [.. NameFiles.Of(user.RuntimeDirectory, options.Name).Select(f => f.Source)])
                .Protect(ReadConfig(options.Bundle!));
            return UserNamespace.Replace(
                user,
                [Environment.ProcessPath!, "launch", OwnedSources.Verb, $"--bundle={options.Bundle}", options.Name]
            );
        }

        OwnedSources.Give(ReadConfig(options.Bundle!), user, Guard(options.Bundle!));
        return 0;
    }

    private static void MakePlaces()
    {
        PrivateDirectory.Make(Bundles);
        if (Libc.geteuid() == 0)
        {
            MappedMounts.MakePlace();
        }
    }

    private static MountGuard Guard(string bundle, IReadOnlyCollection<string>? sources = null) =>
        MountGuard.ForStart(bundle, Bundles, StoreDirectory, sources);

    internal static string StoreDirectory =>
        IsSystems ? "/var/lib/sysctr" : Path.Join(HostUser.OfCaller().DataHome, "sysctr");

    internal static JsonObject ReadConfig(string bundle)
    {
        string file = Path.Join(bundle, "config.json");
        return JsonNode.Parse(RegularFile.ReadAll(file)) as JsonObject
            ?? throw new SysctrException(ErrorKind.Corrupt, $"reading {file}: it is no JSON object");
    }

    private static int Start(LaunchOptions options, OciRuntime runtime)
    {
        string bundle = Path.Join(Bundles, options.Id);
        string cgroup = File.ReadAllText("/proc/self/cgroup");
        Leftover.Clear(runtime, options.Id);
        WritableRoot.Unmount(bundle);
        ComposefsRoot.Unmount(bundle);
        MappedMounts.Unmount(options.Id);
        (int descriptors, bool filtered, NetworkRequest? network) = WriteBundle(options, runtime, bundle, cgroup);
        if (filtered && Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { } manager)
        {
            NotifySocket.Start(
                options.Id,
                NotifyFilter.Command(Environment.ProcessPath!, manager, options.PidFile!, UnitCgroup.Unit(cgroup))
            );
        }

        if (runtime.Kind == RuntimeKind.Runc)
        {
            UnitCgroup.EnterSupervisor(cgroup);
        }

        string? notifySocket = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        if (notifySocket is not null && Libc.geteuid() != 0)
        {
            // A payload that is not its container's root is another user; nobody else gets to the socket, for its
            // directory is the user's alone.
            File.SetUnixFileMode(notifySocket, (UnixFileMode)0b110_110_110);
        }

        // The runtimes have their own ways with these, which differ and lose the names; config.json says it instead.
        foreach (
            string variable in (string[])
                ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]
        )
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        string[] common =
        [
            "--bundle",
            bundle,
            .. descriptors > 0
                ? ["--preserve-fds", descriptors.ToString(CultureInfo.InvariantCulture)]
                : Array.Empty<string>(),
            options.Id,
        ];
        if (options.Foreground)
        {
            return Exec.Replace([.. runtime.Command, "run", .. common]);
        }

        if (notifySocket is null)
        {
            return Exec.Replace([.. runtime.Command, "run", "--detach", "--pid-file", options.PidFile!, .. common]);
        }

        using PastaGate? gate = network is null ? null : new PastaGate(bundle, network);
        int created = Call([.. runtime.Command, "create", "--pid-file", options.PidFile!, .. common]);
        return created == 0 ? StartCreated(options, runtime, notifySocket)
            : gate?.Failure is { } failure ? throw failure
            : created;
    }

    /// <summary>
    /// The payload's process is there and waits. systemd has heard of it before it runs a single instruction, so that
    /// its end is seen with its true status however soon it comes, and however busy systemd is.
    /// </summary>
    private static int StartCreated(LaunchOptions options, OciRuntime runtime, string notifySocket)
    {
        string payload = File.ReadAllText(options.PidFile!).Trim();
        AwaitAdoption(payload);
        Notify.SendAndAwait(notifySocket, options.Ready ? $"MAINPID={payload}\nREADY=1" : $"MAINPID={payload}");
        int started = Call([.. runtime.Command, "start", options.Id]);
        if (started != 0)
        {
            // The main process is the payload's now: its death is what fails the unit.
            Call([.. runtime.Command, "delete", "--force", options.Id]);
        }

        return started;
    }

    /// <summary>
    /// Waits until systemd is the payload's parent. crun returns while a helper of it still is; systemd would take the
    /// payload for a stranger's, would not wait for it when it stops the unit, and would kill it.
    /// </summary>
    private static void AwaitAdoption(string payload)
    {
        int manager = Libc.getppid();
        long deadline = Environment.TickCount64 + AdoptionMilliseconds;
        int process = int.Parse(payload, CultureInfo.InvariantCulture);
        while (ProcessStat.Find(process) is { } stat && stat.Parent != manager && Environment.TickCount64 < deadline)
        {
            Thread.Sleep(1);
        }
    }

    private static int Call(string[] command)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false }
        )!;
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Writes config.json for this start.</summary>
    /// <returns>How many descriptors, from 3 on, the payload gets; whether it speaks to a filter; and the network that
    /// pasta is to make.</returns>
    private static (int Descriptors, bool Filtered, NetworkRequest? Pasta) WriteBundle(
        LaunchOptions options,
        OciRuntime runtime,
        string bundle,
        string cgroup
    )
    {
        MakePlaces();
        JsonObject document = ReadConfig(options.Bundle!);
        AppArmorProfiles.Require(options.Id, document["process"]?["apparmorProfile"]?.ToString());
        if (options.Composefs is not null)
        {
            ComposefsRoot.LeaveHost(document);
        }

        bool filtered =
            options.Notify
            && Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not null
            && BundleConfig.UsesFilter(document);
        BundleConfig.PlaceNotifySocket(document, filtered ? NotifySocket.PathOf(options.Id) : null);

        Directory.CreateDirectory(bundle, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        IReadOnlyCollection<string> names = LaunchedNetwork.Place(document, options.Id, bundle);
        bool isRoot = Libc.geteuid() == 0;
        bool bindsNodes = DeviceBinds.AreNeeded(runtime.Kind);
        bool scratch =
            DescribedDevices.Add(document, options.Bundle!, isRoot, runtime.Kind, DeviceBinds.DeviceNumber, bindsNodes)
            && isRoot
            && WritableRoot.IsForStartAlone(document, options.Changes);

        // Here, and not when the container was installed: what its paths lead to may have changed.
        Guard(options.Bundle!, [.. filtered ? [NotifySocket.PathOf(options.Id)] : (string[])[], .. names])
            .Protect(document);

        if (IsSystems)
        {
            PidFilePlace.Require(document, options.Id, options.PidFile!);
        }

        StartDevices.Add(document, isRoot, bindsNodes);
        if (bindsNodes)
        {
            DeviceBinds.Add(document, DeviceBinds.DeviceNumber);
        }

        StartSecrets.AddCredentials(document, bundle, options.Name, StartSecrets.OwnCredentials);

        UnitEnvironment.AddUsual(document, File.ReadAllText("/proc/sys/kernel/hostname").Trim());

        // A user's manager takes in what a session has, which is nobody's to pass on unasked.
        UnitEnvironment.Add(
            document,
            Environment.GetEnvironmentVariables(),
            isRoot ? (() => UnitEnvironment.OfManager(Libc.getppid()), UnitEnvironment.AskManager) : null,
            isRoot ? () => DropInVariables.Of(Path.GetFileName(UnitCgroup.Unit(cgroup)), "/") : null
        );

        StartSecrets.Add(
            document,
            bundle,
            StartSecrets.DirectoryOf(isRoot ? null : HostUser.OfCaller().ConfigHome),
            StartSecrets.OwnCredentials
        );

        string? changes = scratch ? WritableRoot.Volatile : options.Changes;

        // Relative to the bundle that the unit names, not to the one of this start; absolute where the rootfs is
        // somebody else's.
        document["root"]!["path"] = Path.Combine(options.Bundle!, document["root"]!["path"]!.GetValue<string>());
        if (options.Composefs is { } digest)
        {
            (ComposefsMount tree, string place) = ComposefsRoot.Open(
                digest,
                options.Bundle!,
                bundle,
                Path.Join(StoreDirectory, "objects")
            );
            document["root"]!["path"] = place;
            WritableRoot.Complete(document, bundle, tree, changes);
        }
        else
        {
            MappedPlace? mapped = MappedMounts.Mount(document, options.Id);
            WritableRoot.Mount(document, bundle, changes, mapped);
        }

        if (scratch)
        {
            document["root"]!["readonly"] = true;
        }

        if (runtime.Kind == RuntimeKind.Runc)
        {
            document["linux"]!["cgroupsPath"] = UnitCgroup.Payload(cgroup);
        }

        HealthTimer.Start(document, bundle, options, Path.GetFileName(UnitCgroup.Unit(cgroup)));

        NetworkRequest? pasta = LaunchedNetwork.FindPasta(document, options);
        if (pasta is not null)
        {
            PastaGate.Place(document, bundle, options.Name);
        }

        // The last that can fail before the runtime speaks: what it says goes there too.
        LogPipe.Open(document, bundle, options.Id, Path.GetFileName(UnitCgroup.Unit(cgroup)), options.Name);
        int descriptors = 0;
        bool ours =
            Environment.GetEnvironmentVariable("LISTEN_PID")
            == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (
            ours
            && int.TryParse(
                Environment.GetEnvironmentVariable("LISTEN_FDS"),
                CultureInfo.InvariantCulture,
                out descriptors
            )
            && descriptors > 0
        )
        {
            BundleConfig.SetVariable(document, "LISTEN_FDS", descriptors.ToString(CultureInfo.InvariantCulture));

            // The first process of a PID namespace; without one sysctr-listen puts the right number there.
            BundleConfig.SetVariable(document, "LISTEN_PID", "1");
            Pass("LISTEN_FDNAMES");
        }

        Pass("WATCHDOG_USEC");
        Pass("REMOTE_ADDR");
        Pass("REMOTE_PORT");
#pragma warning disable RS0030 // /run is memory: nothing there outlives the machine.
        string written = Path.Join(bundle, "config.json.new");
        File.WriteAllText(written, document.ToJsonString());

        // A command of exec or a health check may be reading the one of the start before.
        File.Move(written, Path.Join(bundle, "config.json"), overwrite: true);
#pragma warning restore RS0030
        return (descriptors, filtered, pasta);

        void Pass(string variable)
        {
            if (Environment.GetEnvironmentVariable(variable) is { } value)
            {
                BundleConfig.SetVariable(document, variable, value);
            }
        }
    }

    /// <summary>
    /// Whatever else can't be removed, in a sandbox or on a broken disk, the runtime forgets the container: else it
    /// would refuse every start to come.
    /// </summary>
    private static int Delete(LaunchOptions options, OciRuntime runtime)
    {
        Try(() =>
        {
            if (Bundles == SystemBundles && File.Exists(NotifySocket.PathOf(options.Id)))
            {
                NotifySocket.Stop(options.Id);
            }
        });
        Try(() =>
        {
            if (HealthTimer.MayBe(Path.Join(Bundles, options.Id)))
            {
                HealthTimer.Stop(options.Id);
            }
        });
        Try(() => LogPipe.Close(Path.Join(Bundles, options.Id), options.Id));
        Try(() => MappedMounts.Unmount(options.Id));
        Try(() => WritableRoot.Unmount(Path.Join(Bundles, options.Id)));
        Try(() => ComposefsRoot.Unmount(Path.Join(Bundles, options.Id)));
        Try(() => TreeRemoval.Remove(Path.Join(Bundles, options.Id)));

        // systemd removes it where it is the unit's PIDFile=, and only there.
        Try(() =>
        {
            if (options.PidFile is { } pidFile)
            {
                File.Delete(pidFile);
            }
        });
        return Exec.Replace([.. runtime.Command, "delete", "--force", options.Id]);

        void Try(Action remove)
        {
            try
            {
                remove();
            }
            catch (Exception e)
                when (e
                        is SysctrException
                            or IOException
                            or UnauthorizedAccessException
                            or System.ComponentModel.Win32Exception
                )
            {
                LaunchLog.Error($"cleaning up after {options.Id}: {e.Message}; the next start does it");
            }
        }
    }
}
