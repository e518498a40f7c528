// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SystemContainers.Bundle;
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

    /// <summary>How often ports are drawn.</summary>
    private const int Draws = 5;

    /// <summary>Whether this process is inside.</summary>
    public static bool IsInside =>
        HostUser.IsInNamespace && Environment.GetEnvironmentVariable(Group) is { Length: > 0 };

    /// <summary>A container's network namespace, and that of users which owns it, as paths that processes outside can
    /// open while the holder lives.</summary>
    public static string Seen(NetworkRecord record, int holder) => $"/proc/{Text(holder)}/root{record.Namespace}";

    /// <summary>The user namespace of all of them, or a container's own.</summary>
    public static string SeenUsers(NetworkRecord record, int holder) =>
        record.HasOwnUsers ? NetworkNamespace.UsersOf(Seen(record, holder)) : $"/proc/{Text(holder)}/ns/user";

    /// <summary>
    /// The ids of a container that is to have a user namespace of its own (keep-id, or maps), as the networks' sees
    /// them: it is made within that, so that whoever is root there has all rights in it, too. Null for one that shares
    /// the networks'.
    /// </summary>
    /// <param name="document">Its config.json.</param>
    /// <param name="id">The container's, with its instance.</param>
    /// <param name="networks">The ids of the networks' namespace.</param>
    /// <exception cref="SysctrException">Host: that lacks some of them.</exception>
    public static IdMap? OwnIds(JsonObject document, string id, IdMap networks)
    {
        if (document["annotations"]?[StartAnnotations.Owners] is null || IdMappings.Find(document) is not { } outside)
        {
            return null;
        }

        IdMap ids = outside.Then(networks.Inverse);
        return Count(ids.Uids) == Count(outside.Uids) && Count(ids.Gids) == Count(outside.Gids)
            ? ids
            : throw new SysctrException(
                ErrorKind.Host,
                $"making the network of {id}: its user namespace has ids that {NetworkRequest.UsersUnit} has not",
                $"were ranges of /etc/subuid changed? 'systemctl --user restart {NetworkRequest.UsersUnit}' takes them up"
            );

        static long Count(IReadOnlyList<IdRange> ranges) => ranges.Sum(r => (long)r.Count);
    }

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
            Publish(id, request, ports, holder);
        }
        catch (SysctrException)
        {
            Down(id);
            throw;
        }

        return 0;
    }

    /// <summary>Ports whose numbers were left to us get others where somebody was faster.</summary>
    private static void Publish(string id, NetworkRequest request, IReadOnlyList<PublishedPort> ports, int holder)
    {
        string unit = Path.GetFileName(UnitCgroup.Unit(File.ReadAllText("/proc/self/cgroup")));
        for (int attempt = 1; ; attempt++)
        {
            using (NetworkRecords.Lock())
            {
                NetworkRecords.Put(NetworkRecords.Find(id)! with { Published = ports });
            }

            try
            {
                PortSockets.Open(NetworkRecords.Find(id)!, ports, holder, unit);
                return;
            }
            catch (SysctrException e)
                when (e.Kind == ErrorKind.Conflict && attempt < Draws && request.Ports.Any(p => p.HostPort == 0))
            {
                PortSockets.Close(id);
                ports = HostPorts.Claim(request.Ports, [], id, awaitsAddress: true);
            }
        }
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
        NetworkNamespace.Forget(record.Namespace);
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
