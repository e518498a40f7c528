// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;
using SystemContainers.Network;

namespace SystemContainers.Runtime.UserNetworks;

/// <summary>
/// What the unit <see cref="NetworkRequest.UsersUnit"/> is: namespaces for users, the network and mounts in which
/// netavark makes a user's networks as it makes the system's on the host. They live by a process, for a user can't
/// mount them anywhere; it is sleep(1).
/// </summary>
static class NetworksHolder
{
    /// <summary>The verb of <c>sysctr launch</c> that becomes it.</summary>
    public const string Verb = "netns";

    private const string Apart = "apart";

    /// <summary>Becomes it: the same process goes through the namespaces one after the other.</summary>
    /// <param name="words">Behind the verb.</param>
    /// <exception cref="SysctrException">Host: the kernel or a tool refuses.</exception>
    public static int Run(ReadOnlySpan<string> words)
    {
        HostUser user = HostUser.OfCaller();
        user.Export(inside: true);
        string[] self = [Environment.ProcessPath!, "launch", Verb];
        if (!HostUser.IsInNamespace)
        {
            return UserNamespace.Replace(user, self);
        }

        if (words is not [Apart])
        {
            return Exec.Replace([
                "/usr/bin/env",
                "unshare",
                "--net",
                "--mount",
                "--propagation",
                "slave",
                "--",
                .. self,
                Apart,
            ]);
        }

        using (NetworkRecords.Lock())
        {
            Clear();
        }

        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { } socket)
        {
            Notify.SendAndAwait(socket, "READY=1");
        }

        return Exec.Replace(["/usr/bin/env", "sleep", "infinity"]);
    }

    /// <summary>Networks of an earlier one are gone with it. Who answers for names is not, where netavark has found
    /// systemd-run(1) to put it into a scope: it would be taken for the one that serves here, and keep the other
    /// namespace alive.</summary>
    private static void Clear()
    {
        foreach (NetworkRecord record in NetworkRecords.All())
        {
            NetworkNamespace.Forget(record.Namespace);
            NetworkRecords.Remove(record.Id);
        }

        string names = Path.Join(NetworkRecords.State, "aardvark-dns");
        string file = Path.Join(names, "aardvark.pid");
        if (
            File.Exists(file)
            && int.TryParse(
                File.ReadAllText(file).Trim(),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int process
            )
            && CommandOf(process) == "aardvark-dns"
        )
        {
            _ = Libc.kill(process, Libc.SIGKILL);
        }

        if (Directory.Exists(names))
        {
            Directory.Delete(names, recursive: true);
        }
    }

    private static string? CommandOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/comm").Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Its process.</summary>
    /// <param name="doing">For whom.</param>
    /// <exception cref="SysctrException">Unit: it does not run.</exception>
    public static int Require(string doing) =>
        Find()
        ?? throw new SysctrException(
            ErrorKind.Unit,
            $"{doing}: {NetworkRequest.UsersUnit}, which holds the user's networks, does not run",
            $"'systemctl --user status {NetworkRequest.UsersUnit}' says why"
        );

    /// <summary>The same; null where it does not run.</summary>
    /// <exception cref="SysctrException">Unit: systemd does not say, or it is on its way: its namespaces are made one
    /// after the other.</exception>
    public static int? Find()
    {
        ProcessResult asked = ProcessRunner
            .RunAsync(
                "systemctl",
                ["--user", "show", "--property=MainPID,ActiveState,SubState", NetworkRequest.UsersUnit],
                CancellationToken.None
            )
            .GetAwaiter()
            .GetResult();
        int process =
            Process(asked.Output)
            ?? throw new SysctrException(
                ErrorKind.Unit,
                $"looking for {NetworkRequest.UsersUnit}: systemd does not say whether it runs: {asked.Error.Trim()}",
                $"'systemctl --user status {NetworkRequest.UsersUnit}' says more; then try again"
            );
        return process > 0 ? process : null;
    }

    /// <summary>What systemctl show says of it: its process; 0 where it has gone; null where neither is
    /// said.</summary>
    internal static int? Process(string shown)
    {
        Dictionary<string, string> properties = shown
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(l => l.Split('=', 2))
            .Where(p => p.Length == 2)
            .ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        string state = properties.GetValueOrDefault("ActiveState", "");
        return state == "active"
            && int.TryParse(
                properties.GetValueOrDefault("MainPID"),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int process
            )
            && process > 0
                ? process
            : state is "inactive" or "failed"
            || properties.GetValueOrDefault("SubState", "").StartsWith("auto-restart", StringComparison.Ordinal)
                ? 0
            : null;
    }
}
