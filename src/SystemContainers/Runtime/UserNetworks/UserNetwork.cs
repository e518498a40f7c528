// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Settings;

namespace SystemContainers.Runtime.UserNetworks;

/// <summary>
/// The network of a start of a user's container: netavark makes it where the user's networks are, by this program once
/// more inside of <see cref="NetworksHolder"/>'s namespaces; what of it is the host's, published ports, is made
/// outside.
/// </summary>
static class UserNetwork
{
    /// <summary>Tells the program inside which control group the namespaces have: aardvark-dns, which stays, has to
    /// be the holder's, for systemd ends what a command before a start leaves.</summary>
    private const string Group = "_SYSCTR_NETNS_CGROUP";

    /// <summary>Whether this process is inside.</summary>
    public static bool IsInside =>
        HostUser.IsInNamespace && Environment.GetEnvironmentVariable(Group) is { Length: > 0 };

    /// <summary>A container's network namespace, and that of users which owns it, as paths that processes outside can
    /// open while the holder lives.</summary>
    public static string Seen(NetworkRecord record, int holder) => $"/proc/{Text(holder)}/root{record.Namespace}";

    /// <summary>The user namespace of all of them.</summary>
    public static string SeenUsers(int holder) => $"/proc/{Text(holder)}/ns/user";

    /// <summary>Makes it.</summary>
    /// <param name="id">The container's, with its instance.</param>
    /// <param name="request">What it wants.</param>
    /// <param name="words">Of this call, behind the program.</param>
    /// <exception cref="SysctrException">It can't be made; nothing is left.</exception>
    public static int Up(string id, NetworkRequest request, IReadOnlyList<string> words)
    {
        int holder = NetworksHolder.Require($"making the network of {id}");
        PortSockets.Close(id);
        IReadOnlyList<PublishedPort> ports = HostPorts.Claim(request.Ports, [], id, awaitsAddress: true);
        int made = Enter(holder, words);
        if (made != 0 || ports.Count == 0)
        {
            return made;
        }

        try
        {
            string unit = Path.GetFileName(UnitCgroup.Unit(File.ReadAllText("/proc/self/cgroup")));
            PortSockets.Open(NetworkRecords.Find(id)!, ports, holder, unit);
        }
        catch (SysctrException)
        {
            Down(id);
            throw;
        }

        return 0;
    }

    /// <summary>Takes it away; nothing where nothing was.</summary>
    public static int Down(string id)
    {
        PortSockets.Close(id);
        if (NetworkRecords.Find(id) is not { } record)
        {
            return 0;
        }

        int? holder;
        try
        {
            holder = NetworksHolder.Find();
        }
        catch (SysctrException)
        {
            // Whether it runs is not known: the next start of the container takes this away, or that of the holder.
            return 0;
        }

        if (holder is { } process)
        {
            return Enter(process, ["launch", "network-down", id]);
        }

        // All of it has gone with the holder.
        File.Delete(record.Namespace);
        NetworkRecords.Remove(id);
        return 0;
    }

    /// <summary>Inside: leaves the container's control group for the holder's.</summary>
    public static void Join()
    {
#pragma warning disable RS0030 // No file, but the kernel's interface.
        File.WriteAllText(Path.Join(Environment.GetEnvironmentVariable(Group), "cgroup.procs"), "0");
#pragma warning restore RS0030
    }

    private static int Enter(int holder, IReadOnlyList<string> words)
    {
        HostUser.OfCaller().Export(inside: true);
        string at = $"/proc/{Text(holder)}/ns";
        ProcessStartInfo inside = new(
            "nsenter",
            [
                $"--user={at}/user",
                $"--net={at}/net",
                $"--mount={at}/mnt",
                "--preserve-credentials",
                "--wd=/",
                "--",
                Environment.ProcessPath!,
                .. words,
            ]
        )
        {
            UseShellExecute = false,
        };
        inside.Environment[Group] = $"/sys/fs/cgroup{UnitCgroup.OfProcess(holder)}";
        using Process process = Process.Start(inside)!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
