using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux;

namespace SystemContainers.Run;

/// <summary>
/// <c>sysctr launch</c>: starts a container for which the runtime's own command line can't do all: sockets with their names,
/// readiness and watchdog, instances. It writes a config.json for this one start, with what only now is known, and becomes the
/// runtime, or waits for it where systemd has to be told who the payload is. It is gone before the unit runs.
/// </summary>
static class Launcher
{
    private const string Bundles = "/run/sysctr";

    /// <returns>Exit status for systemd.</returns>
    /// <exception cref="SysctrException">The container can't be started; says why.</exception>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        LaunchOptions options = LaunchOptions.Parse(arguments);
        OciRuntime runtime = OciRuntime.Find(options.Runtime, "/");
        return options.Verb switch
        {
            "start" => Start(options, runtime),
            "kill" => Exec.Replace([.. runtime.Command, "kill", options.Id]),
            _ => Delete(options, runtime),
        };
    }

    private static int Start(LaunchOptions options, OciRuntime runtime)
    {
        string bundle = Path.Join(Bundles, options.Id);
        int descriptors = WriteBundle(options, runtime, bundle);
        List<string> command = [.. runtime.Command, "run", "--detach", "--pid-file", options.PidFile!, "--bundle", bundle];
        if (descriptors > 0)
        {
            command.AddRange(["--preserve-fds", descriptors.ToString(CultureInfo.InvariantCulture)]);
        }

        command.Add(options.Id);

        // The runtimes have their own ways with these, which differ and lose the names; config.json says it instead.
        string? notifySocket = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        foreach (string variable in (string[])["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"])
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        return notifySocket is not null ? StartAndTell(command, options.PidFile!, notifySocket) : Exec.Replace(command);
    }

    /// <summary>Type=notify: systemd takes this process for the payload until it hears which one is.</summary>
    private static int StartAndTell(List<string> command, string pidFile, string notifySocket)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            return process.ExitCode;
        }

        Notify.Send(notifySocket, $"MAINPID={File.ReadAllText(pidFile).Trim()}");
        return 0;
    }

    /// <summary>Writes config.json for this start.</summary>
    /// <returns>How many descriptors, from 3 on, the payload gets.</returns>
    private static int WriteBundle(LaunchOptions options, OciRuntime runtime, string bundle)
    {
        string file = Path.Join(options.Bundle, "config.json");
        JsonObject document = JsonNode.Parse(File.ReadAllBytes(file)) as JsonObject
            ?? throw new SysctrException(ErrorKind.Corrupt, $"reading {file}: it is no JSON object");
        document["root"]!["path"] = Path.Join(options.Bundle, "rootfs");
        if (runtime.Kind == RuntimeKind.Runc)
        {
            document["linux"]!["cgroupsPath"] = UnitCgroup.Payload(File.ReadAllText("/proc/self/cgroup"));
        }

        int descriptors = 0;
        bool ours = Environment.GetEnvironmentVariable("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (ours && int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), CultureInfo.InvariantCulture, out descriptors) && descriptors > 0)
        {
            BundleConfig.SetVariable(document, "LISTEN_FDS", descriptors.ToString(CultureInfo.InvariantCulture));

            // The first process of a PID namespace; without one sysctr-listen puts the right number there.
            BundleConfig.SetVariable(document, "LISTEN_PID", "1");
            Pass("LISTEN_FDNAMES");
        }

        Pass("WATCHDOG_USEC");
        Pass("REMOTE_ADDR");
        Pass("REMOTE_PORT");
        Directory.CreateDirectory(bundle, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning disable RS0030 // /run is memory: nothing there outlives the machine.
        File.WriteAllText(Path.Join(bundle, "config.json"), document.ToJsonString());
#pragma warning restore RS0030
        return descriptors;

        void Pass(string variable)
        {
            if (Environment.GetEnvironmentVariable(variable) is { } value)
            {
                BundleConfig.SetVariable(document, variable, value);
            }
        }
    }

    private static int Delete(LaunchOptions options, OciRuntime runtime)
    {
        TreeRemoval.Remove(Path.Join(Bundles, options.Id));
        return Exec.Replace([.. runtime.Command, "delete", "--force", options.Id]);
    }
}
