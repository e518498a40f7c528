// SPDX-License-Identifier: Apache-2.0

using System.ComponentModel;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;

namespace SystemContainers.Network;

/// <summary>
/// Makes the network of a container's start, and takes it away after its end, by netavark. Whatever broke an earlier
/// run, killed its processes or the machine, a start begins with taking away what that left.
/// </summary>
/// <param name="store">Networks by name.</param>
/// <param name="take">Takes the lock of networks: <see cref="NetworkRecords.Lock"/> where nothing else is held, else in
/// the order of locks.</param>
/// <param name="note">Told what does not hold anybody up.</param>
sealed class ContainerNetwork(NetworkStore store, Func<IDisposable> take, Action<string> note)
{
    /// <summary>Makes the namespace, gives it addresses and publishes ports.</summary>
    /// <param name="id">The container's, with its instance.</param>
    /// <param name="request">What it wants.</param>
    /// <param name="ids">As for <see cref="NetworkNamespace.Make"/>.</param>
    /// <exception cref="SysctrException">It can't be made; nothing is left.</exception>
    public void Up(string id, NetworkRequest request, IdMap? ids = null)
    {
        string netavark = NetworkPrograms.Require("netavark", "netavark", $"for the network of {id}");
        using IDisposable held = take();
        Clear(id);
        NetworkRecord[] others = [.. Others(id)];
        string? aardvark = NetworkPrograms.Find("aardvark-dns");
        Dictionary<string, NetavarkAttachment> attachments = [];
        Dictionary<string, NetworkDefinition> networks = [];
        foreach (NetworkAttachment attachment in request.Networks)
        {
            NetworkDefinition network = store.Get(attachment.Network);
            string name = NetavarkInput.Prefix + network.Name;
            if (network.DnsEnabled && aardvark is null)
            {
                note(
                    $"the network {network.Name} has names, and aardvark-dns is not installed: {id} finds nobody by name ('apt install aardvark-dns')"
                );
            }

            Dictionary<string, string> taken = [];
            foreach (NetworkRecord other in others.Where(o => o.Input.Networks.ContainsKey(name)))
            {
                other.Input.Networks[name].StaticIps.ToList().ForEach(a => taken[a] = other.Id);
            }

            networks[name] = network with { Name = name, DnsEnabled = network.DnsEnabled && aardvark is not null };
            IReadOnlyList<string> addresses = AddressPool.Take(network, attachment.Ips, taken, id);
            attachments[name] = new NetavarkAttachment(
                attachment.Interface,
                addresses,
                attachment.Mac ?? AddressPool.HardwareAddress(addresses),
                [request.Name, .. attachment.Aliases]
            );
        }

        // A user's ports are the host's, which is not here; and so are the servers in the host's resolv.conf.
        bool users = NetworkRecords.AreUsers;
        NetworkRecord record = new(
            id,
            NetworkNamespace.PathOf(id),
            new NetavarkInput(
                NetavarkInput.Prefix + id,
                request.Name,
                users ? [] : HostPorts.Claim(request.Ports, others, id),
                attachments,
                networks,
                request.Dns.Count > 0 ? request.Dns
                    : users ? [NameFiles.PastaServer]
                    : null
            )
        )
        {
            IsUsers = users,
            HasOwnUsers = ids is not null,
        };
        try
        {
            // First what will be there, for whoever has to take it away.
            NetworkRecords.Put(record);
            NetworkNamespace.Make(record.Namespace, ids);
            NetworkRecords.Put(record with { Status = Setup(netavark, aardvark, record) });
        }
        catch
        {
            Clear(id);
            throw;
        }
    }

    /// <summary>Takes away what was made; nothing where nothing was.</summary>
    public void Down(string id)
    {
        if (NetworkRecords.Find(id) is null && !File.Exists(NetworkNamespace.PathOf(id)))
        {
            return;
        }

        using IDisposable held = take();
        Clear(id);
    }

    /// <summary>The containers that run. One whose namespace has gone has ended, however that was: what it had is free
    /// again.</summary>
    private IEnumerable<NetworkRecord> Others(string id)
    {
        foreach (NetworkRecord other in NetworkRecords.All().Where(o => o.Id != id))
        {
            if (NetworkNamespace.IsThere(other.Namespace))
            {
                yield return other;
            }
            else
            {
                Clear(other.Id);
            }
        }
    }

    /// <summary>What can't be taken away is said and keeps nobody from the rest: with its namespace a container's
    /// devices go in any case.</summary>
    private void Clear(string id)
    {
        if (NetworkRecords.Find(id) is { } record)
        {
            try
            {
                // netavark looks for the namespace before it looks after the host's side.
                if (!NetworkNamespace.IsThere(record.Namespace))
                {
                    NetworkNamespace.Make(record.Namespace);
                }

                if (NetworkPrograms.Find("netavark") is { } netavark)
                {
                    ProcessResult done = Run(netavark, NetworkPrograms.Find("aardvark-dns"), "teardown", record);
                    if (done.ExitCode != 0 && record.Status is not null)
                    {
                        note($"taking the network of {id} away: netavark: {Said(done)}");
                    }
                }
            }
            catch (Exception e) when (e is SysctrException or IOException or Win32Exception)
            {
                note($"taking the network of {id} away: {e.Message}");
            }
        }

        NetworkNamespace.Remove(NetworkNamespace.PathOf(id));
        NetworkRecords.Remove(id);
    }

    private static Dictionary<string, NetavarkStatus> Setup(string netavark, string? aardvark, NetworkRecord record)
    {
        ProcessResult done = Run(netavark, aardvark, "setup", record);
        try
        {
            return done.ExitCode == 0
                ? JsonSerializer.Deserialize(done.Output, NetworkJson.Default.DictionaryStringNetavarkStatus) ?? []
                : throw new SysctrException(
                    ErrorKind.Host,
                    $"making the network of {record.Id}: netavark: {Said(done)}",
                    "'sysctr doctor' looks at the host; --network host needs none of it"
                );
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"making the network of {record.Id}: netavark said what is no JSON: {e.Message}",
                inner: e
            );
        }
    }

    private static ProcessResult Run(string netavark, string? aardvark, string verb, NetworkRecord record)
    {
        string[] command =
        [
            netavark,
            "--config",
            NetworkRecords.State,
            .. aardvark is null ? (string[])[] : ["--aardvark-binary", aardvark],
            .. record.IsUsers ? ["--rootless=true"] : (string[])[],
            verb,
            record.Namespace,
        ];
        string[] variables =
        [
            .. NetworkPrograms.Firewall is { } firewall ? [$"NETAVARK_FW={firewall}"] : (string[])[],
            // A firewalld on the bus is the host's, which has no say in a user's networks, nor the user in it. By
            // systemd-run(1), where it found that, aardvark-dns would be put into a scope of its own.
            .. record.IsUsers
                ? ["DBUS_SYSTEM_BUS_ADDRESS=unix:path=/dev/null", "PATH=" + NetworkPrograms.FirewallPath()]
                : (string[])[],
        ];
        command = variables.Length > 0 ? ["/usr/bin/env", .. variables, .. command] : command;
        return ProcessRunner
            .RunAsync(
                command[0],
                command[1..],
                JsonSerializer.Serialize(record.Input, NetworkJson.Default.NetavarkInput),
                CancellationToken.None
            )
            .GetAwaiter()
            .GetResult();
    }

    /// <summary>Its error, which stands in a JSON object on standard output.</summary>
    private static string Said(ProcessResult done)
    {
        try
        {
            using JsonDocument said = JsonDocument.Parse(done.Output);
            return said.RootElement.TryGetProperty("error", out JsonElement error)
                ? error.ToString()
                : done.Output.Trim();
        }
        catch (JsonException)
        {
            return done.Error.Trim() is { Length: > 0 } text ? text : $"exit status {done.ExitCode}";
        }
    }
}
