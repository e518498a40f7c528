// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Networks;

/// <summary>Networks by name: made, listed and removed.</summary>
/// <param name="host">The running host.</param>
sealed class NetworkOperations(Host host)
{
    private readonly NetworkStore _store = host.Target.Networks;

    /// <summary>All, as podman's files have them: a JSON array.</summary>
    /// <exception cref="SysctrException">Corrupt: one can't be read.</exception>
    public string Json() =>
        $"[{string.Join(',', _store.All().Select(n => JsonSerializer.Serialize(n, NetworkJson.Default.NetworkDefinition)))}]";

    /// <summary>All: name, driver, subnets, bridge, and the installed containers that name it, as far as their records
    /// can be read.</summary>
    /// <exception cref="SysctrException">Corrupt: one can't be read.</exception>
    public IReadOnlyList<(NetworkDefinition Network, IReadOnlyList<string> Users)> List()
    {
        NetworkUsers users = new(host);
        ContainerRecord[] containers = [.. host.Catalog.List(e => host.Note($"warning: {e.Message}"))];
        return
        [
            .. _store
                .All()
                .Select(n =>
                    (
                        n,
                        (IReadOnlyList<string>)
                            [.. containers.Where(c => users.Of(c).Contains(n.Name)).Select(c => c.Name)]
                    )
                ),
        ];
    }

    /// <summary>Makes one.</summary>
    /// <returns>What was chosen of it.</returns>
    /// <exception cref="SysctrException">Conflict: there is one of the name, or its subnet is taken; Usage: it can't
    /// be.</exception>
    public NetworkDefinition Create(NetworkDefinition definition)
    {
        RefuseElsewhere("making");
        using IDisposable held = host.Locks.LockNetworks();
        return Named(definition.Name) && _store.Find(definition.Name) is not null
            ? throw new SysctrException(
                ErrorKind.Conflict,
                $"making the network {definition.Name}: there is one of that name",
                "choose another, or remove it first"
            )
            : _store.Put(host.User is null ? definition : definition.ForUser());
    }

    /// <summary>Removes one that nobody uses.</summary>
    /// <exception cref="SysctrException">NotFound: there is none; Conflict: a container is installed that names it, or
    /// about to be.</exception>
    public void Remove(string name)
    {
        RefuseElsewhere("removing");
        using IDisposable held = host.Locks.LockNetworks();
        if (!Named(name) || _store.Find(name) is null)
        {
            throw NetworkStore.NoSuch(name);
        }

        if (new NetworkUsers(host).Containers(name) is { Length: > 0 } users)
        {
            if (!Array.Exists(users, host.Catalog.IsInstalled))
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"removing the network {name}: {string.Join(", ", users)} {(users.Length == 1 ? "is" : "are")} about to be installed on it, or run once",
                    "wait for that call"
                );
            }

            throw new SysctrException(
                ErrorKind.Conflict,
                $"removing the network {name}: {string.Join(", ", users)} {(users.Length == 1 ? "is" : "are")} on it",
                "uninstall, or put on another by 'sysctr update --network'"
            );
        }

        _store.Remove(name);
    }

    private static bool Named(string name)
    {
        try
        {
            return NetworkSetting.NetworkName(name).Length > 0;
        }
        catch (FormatException e)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading the name of a network: {e.Message}", inner: e);
        }
    }

    private void RefuseElsewhere(string doing)
    {
        if (host.Root != "/")
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{doing} a network: the system below {host.Root} does not run",
                "do it on that host"
            );
        }
    }
}
