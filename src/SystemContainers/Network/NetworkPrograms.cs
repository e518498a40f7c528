// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Network;

/// <summary>Programs of others that make networks, where distributions have them (containers.conf(5),
/// <c>helper_binaries_dir</c>).</summary>
static class NetworkPrograms
{
    private static readonly string[] s_directories =
    [
        "/usr/local/libexec/podman",
        "/usr/local/lib/podman",
        "/usr/libexec/podman",
        "/usr/lib/podman",
        "/usr/local/bin",
        "/usr/bin",
        "/usr/local/sbin",
        "/usr/sbin",
    ];

    private const string Nft = "nft";
    private const string Iptables = "iptables";

    /// <summary>
    /// What netavark(1) is to be told of the firewall by its variable NETAVARK_FW; null for nothing. Its newer releases
    /// call nft unasked, which Debian's package of it does not bring along; iptables they know as well.
    /// </summary>
    public static string? Firewall => Find(Nft) is null && Find(Iptables) is not null ? Iptables : null;

    /// <summary>A directory that has the firewall's programs and no others, whatever else lies beside those on the
    /// host; for whoever holds the lock of networks.</summary>
    public static string FirewallPath()
    {
        string directory = Path.Join(NetworkRecords.State, "firewall");
        Directory.CreateDirectory(directory);
        foreach (string name in (string[])[Nft, Iptables, "ip6tables"])
        {
            string link = Path.Join(directory, name);
            string? there = Find(name);
            if (new FileInfo(link).LinkTarget != there)
            {
                File.Delete(link);
                if (there is not null)
                {
                    File.CreateSymbolicLink(link, there);
                }
            }
        }

        return directory;
    }

    /// <summary>A program's absolute path on the host; null where it is not installed.</summary>
    /// <param name="name">Such as netavark.</param>
    /// <param name="here">Maps a path of the host to one of this process; null for the running host.</param>
    public static string? Find(string name, Func<string, string>? here = null) =>
        s_directories.Select(d => Path.Join(d, name)).FirstOrDefault(p => File.Exists(here is null ? p : here(p)));

    /// <summary>The same, for whoever has its own way to tell whether a file is there.</summary>
    /// <param name="name">Such as netavark.</param>
    /// <param name="isThere">Told a path of the host.</param>
    public static string? FindWhere(string name, Func<string, bool> isThere) =>
        s_directories.Select(d => Path.Join(d, name)).FirstOrDefault(isThere);

    /// <summary>Passes connections on to a user's containers (systemd-socket-proxyd(8)).</summary>
    public const string SocketProxy = "/usr/lib/systemd/systemd-socket-proxyd";

    /// <summary>Fails where a container's network can't be made, before anything is changed.</summary>
    /// <param name="request">What it wants.</param>
    /// <param name="here">As for <see cref="Find"/>.</param>
    /// <param name="isUsers">It is a user's container.</param>
    /// <exception cref="SysctrException">Host: names the package that lacks.</exception>
    public static void Require(NetworkRequest request, Func<string, string>? here, bool isUsers)
    {
        if (request.Mode == Settings.NetworkMode.Bridge)
        {
            Require("netavark", "netavark", $"for the network of {request.Name}", here);
            if (Find(Nft, here) is null && Find(Iptables, here) is null)
            {
                throw new SysctrException(
                    ErrorKind.Host,
                    $"looking for nft, or iptables, by which netavark sets the firewall for the network of {request.Name}: neither is installed",
                    "'apt install nftables', or --network host"
                );
            }
        }

        if (request.Mode == Settings.NetworkMode.Pasta || (isUsers && request.NeedsNetavark))
        {
            Require("pasta", "passt", $"for the network of {request.Name}", here);
        }

        if (isUsers && request.PublishesBySockets && !File.Exists(here is null ? SocketProxy : here(SocketProxy)))
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"looking for {SocketProxy} for the ports of {request.Name}: it is not installed",
                "it is part of systemd (Debian, Fedora: package systemd); or leave --publish out"
            );
        }
    }

    /// <summary>A program's absolute path.</summary>
    /// <exception cref="SysctrException">Host: it is not installed.</exception>
    public static string Require(string name, string package, string reason, Func<string, string>? here = null) =>
        Find(name, here)
        ?? throw new SysctrException(
            ErrorKind.Host,
            $"looking for {name} {reason}: it is not installed",
            $"'apt install {package}{(name == "netavark" ? " aardvark-dns" : "")}'{(name == "netavark" ? " (the second for names on networks)" : "")}, or --network host"
        );
}
