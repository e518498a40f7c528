// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;
using SystemContainers.Network;
using SystemContainers.Runtime.UserNetworks;
using SystemContainers.Settings;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// The network of a start. <c>sysctr launch network-up</c> and <c>network-down</c> are commands of the unit of their
/// own, with a <c>+</c> in front (systemd.service(5)): they work with all of root's rights in the host's mount
/// namespace, however much the unit's sandbox leaves the payload and its runtime.
/// </summary>
static class LaunchedNetwork
{
    /// <summary>Makes it, or takes it away.</summary>
    /// <exception cref="SysctrException">It can't be made; nothing is left.</exception>
    public static int Run(LaunchOptions options)
    {
        // systemd gives such a command a mount namespace all the same where the unit has settings that need one, if
        // without their mounts: what is mounted there the host never sees.
        if (
            !NetworkRecords.AreUsers
            && MountNamespace("self") is { } own
            && MountNamespace("1") is { } host
            && own != host
        )
        {
            return Exec.Replace([
                "/usr/bin/env",
                "nsenter",
                "--mount=/proc/1/ns/mnt",
                "--",
                Environment.ProcessPath!,
                .. Environment.GetCommandLineArgs()[1..],
            ]);
        }

        NetworkRequest? request =
            options.Verb == "network-down" ? null : NetworkRequest.Find(Launcher.ReadConfig(options.Bundle!));
        if (request is null or { NeedsNetavark: true })
        {
            return NetworkRecords.AreUsers ? RunUsers(options, request) : RunHere(options, request);
        }

        return 0;
    }

    private static int RunUsers(LaunchOptions options, NetworkRequest? request)
    {
        if (UserNetwork.IsInside)
        {
            UserNetwork.Join();
            return RunHere(options, request);
        }

        return request is null
            ? UserNetwork.Down(options.Id)
            : UserNetwork.Up(options.Id, request, Environment.GetCommandLineArgs()[1..]);
    }

    private static int RunHere(LaunchOptions options, NetworkRequest? request)
    {
        ContainerNetwork network = new(
            new NetworkStore(Path.Join(StoreOf(options.Bundle), NetworkStore.Folder)),
            NetworkRecords.Lock,
            LaunchLog.Error
        );
        if (request is null)
        {
            network.Down(options.Id);
        }
        else
        {
            network.Up(
                options.Id,
                request,
                NetworkRecords.AreUsers
                    ? UserNetwork.OwnIds(Launcher.ReadConfig(options.Bundle!), options.Id, IdMap.OfThisProcess())
                    : null
            );
        }

        return 0;
    }

    /// <summary>The store that the container is in. A user's is where the call that installed it had XDG_DATA_HOME,
    /// which the user's systemd need not have.</summary>
    private static string StoreOf(string? bundle)
    {
        string? deployments = Path.GetDirectoryName(Path.GetDirectoryName(bundle));
        return Path.GetFileName(deployments) == "deployments"
            ? Path.GetDirectoryName(deployments)!
            : Launcher.StoreDirectory;
    }

    private static string? MountNamespace(string process) => new FileInfo($"/proc/{process}/ns/mnt").LinkTarget;

    /// <summary>The network that pasta(1) is to make while the container is made; null for none.</summary>
    /// <exception cref="SysctrException">Unit: the runtime would start the payload before.</exception>
    public static NetworkRequest? FindPasta(JsonObject document, LaunchOptions options) =>
        NetworkRequest.Find(document) is not { Mode: NetworkMode.Pasta } request ? null
        : options.Foreground || Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is null
            ? throw new SysctrException(
                ErrorKind.Unit,
                $"starting {options.Id}: only a unit of Type=notify can have a network by pasta",
                "give it --network host"
            )
        : request;

    /// <summary>Gives config.json the network that was made, and the files of names.</summary>
    /// <param name="document">Of this start.</param>
    /// <param name="id">The container's, with its instance.</param>
    /// <param name="directory">Of this start; the files go there.</param>
    /// <returns>Sources of mounts that are ours.</returns>
    /// <exception cref="SysctrException">Unit: the network is not there.</exception>
    public static IReadOnlyCollection<string> Place(JsonObject document, string id, string directory)
    {
        NetworkRequest? request = NetworkRequest.Find(document);
        string? owner = request?.Mode switch
        {
            NetworkMode.Bridge => id,
            NetworkMode.Container => request.Of,
            _ => null,
        };
        NetworkRecord? record = owner is null
            ? null
            : NetworkRecords.Find(owner)
                ?? throw new SysctrException(
                    ErrorKind.Unit,
                    $"starting {id}: there is no network of {owner}",
                    owner == id
                        ? "its unit makes it before it starts; was its ExecStartPre= taken out?"
                        : $"start {owner} first; it needs a network of its own (bridge, or one by name)"
                );
        if (owner != id && record?.HasOwnUsers == true)
        {
            throw new SysctrException(
                ErrorKind.Unit,
                $"starting {id}: the network of {owner} belongs to a user namespace of {owner}'s own",
                $"leave --userns of {owner} out, or give both a network by name"
            );
        }

        if (request?.Mode == NetworkMode.Namespace && !File.Exists(request.Of))
        {
            throw new SysctrException(
                ErrorKind.Unit,
                $"starting {id}: there is no network namespace {request.Of}",
                "make it first, such as with 'ip netns add'"
            );
        }

        if (!BundleConfig.HasNames(document) && record is null)
        {
            return [];
        }

        IReadOnlyDictionary<string, string> files = NameFiles.Write(directory, request, record);
        if (record?.IsUsers == true)
        {
            int holder = NetworksHolder.Require($"starting {id}");
            BundleConfig.PlaceNetwork(
                document,
                files,
                UserNetwork.Seen(record, holder),
                UserNetwork.SeenUsers(record, holder)
            );
        }
        else
        {
            BundleConfig.PlaceNetwork(document, files, record?.Namespace);
        }

        return [.. files.Values];
    }
}
