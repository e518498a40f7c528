// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text;
using SystemContainers.Settings;

namespace SystemContainers.Network;

/// <summary>
/// /etc/hosts, /etc/resolv.conf and /etc/hostname of a container. The first two are the host's own where its network
/// and names are the host's and the file is there, else made at each start, as the third is always. So a container has
/// all three on every host, also before the host's network is up.
/// </summary>
static class NameFiles
{
    /// <summary>Where pasta(1) answers for the host's name server.</summary>
    public const string PastaServer = "169.254.1.1";

    private const string ResolvedStub = "/run/systemd/resolve/stub-resolv.conf";
    private const string ResolvedServers = "/run/systemd/resolve/resolv.conf";

    private static readonly string[] s_names = ["hosts", "resolv.conf", "hostname"];

    /// <summary>The sources of the three in a config.json of ours, and where each goes.</summary>
    /// <param name="runDirectory"><c>/run</c>, or a user's.</param>
    /// <param name="name">The container.</param>
    public static IEnumerable<(string Source, string Destination)> Of(string runDirectory, string name) =>
        s_names.Select(n => ($"{runDirectory}/sysctr/{name}/{n}", "/etc/" + n));

    /// <summary>Whether a source is one of the three of some container.</summary>
    public static bool IsPath(string? source) =>
        source is not null
        && s_names.Contains(Path.GetFileName(source), StringComparer.Ordinal)
        && Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(source))) == "sysctr"
        && source.StartsWith('/');

    /// <summary>Writes the files of a start, as far as they are not the host's own.</summary>
    /// <param name="directory">Of this start, and the launcher's alone.</param>
    /// <param name="request">What the container wants; null where nothing was said.</param>
    /// <param name="record">What was made for it, or for whose network it shares.</param>
    /// <returns>The source to mount, by the name of the file.</returns>
    public static IReadOnlyDictionary<string, string> Write(
        string directory,
        NetworkRequest? request,
        NetworkRecord? record
    )
    {
        bool shares = request is null || request.SharesNames;
        HostFiles host = HostFiles.Read();
        return new Dictionary<string, string>
        {
            ["hosts"] =
                shares && host.Hosts?.Contains("localhost", StringComparison.Ordinal) == true
                    ? "/etc/hosts"
                    : Put("hosts", Hosts(host, request, record)),
            ["resolv.conf"] =
                shares && host.Resolv is not null
                    ? "/etc/resolv.conf"
                    : Put("resolv.conf", Resolv(host, request, record)),
            ["hostname"] = Put("hostname", (request?.HostName ?? host.Name) + "\n"),
        };

        string Put(string name, string text)
        {
            string file = Path.Join(directory, name);
#pragma warning disable RS0030 // /run is memory: nothing there outlives the machine.
            File.WriteAllText(file, text);
#pragma warning restore RS0030
            File.SetUnixFileMode(
                file,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead
            );
            return file;
        }
    }

    /// <summary>hosts(5): of several lines for a name the first counts.</summary>
    internal static string Hosts(HostFiles host, NetworkRequest? request, NetworkRecord? record)
    {
        StringBuilder text = new();
        string? gateway =
            record?.Gateways.FirstOrDefault() ?? (request?.Mode is null or NetworkMode.Host ? "127.0.0.1" : null);
        foreach (string added in request?.Hosts ?? [])
        {
            (IReadOnlyList<string> names, string address) = NetworkSettings.HostLine(added);
            if ((address == "host-gateway" ? gateway : address) is { } to)
            {
                text.Append(to).Append('\t').AppendJoin(' ', names).Append('\n');
            }
        }

        string own = string.Join(
            ' ',
            ((string?[])[request?.HostName, record?.Input.ContainerName])
                .OfType<string>()
                .Distinct(StringComparer.Ordinal)
        );
        text.Append("127.0.0.1\tlocalhost\n::1\tlocalhost\n");
        foreach (string address in record?.Addresses ?? [])
        {
            text.Append(address).Append('\t').Append(own).Append('\n');
        }

        if (record is null && request?.HostName is { } name)
        {
            text.Append("127.0.1.1\t").Append(name).Append('\n');
        }

        if (record is not null && gateway is not null)
        {
            text.Append(gateway).Append("\thost.containers.internal\n");
        }

        return text.Append(host.Hosts).ToString();
    }

    /// <summary>resolv.conf(5).</summary>
    internal static string Resolv(HostFiles host, NetworkRequest? request, NetworkRecord? record)
    {
        NetworkMode mode = request?.Mode ?? NetworkMode.Host;
        bool own = mode is not NetworkMode.Host;
        string given =
            host.Resolv ?? (host.AwaitsResolved && !own ? "nameserver 127.0.0.53\noptions edns0 trust-ad\n" : "");
        string[] networks = [.. record?.Status?.Values.SelectMany(s => s.DnsServerIps ?? []) ?? []];
        string[] hosts =
        [
            .. Words(own && OnlyLoopback(host.Resolv) ? host.ResolvedServers ?? given : given, "nameserver"),
        ];
        string[] reached = own ? [.. hosts.Where(s => !IsLoopback(s))] : hosts;
        if ((mode == NetworkMode.Pasta || record?.IsUsers == true) && reached.Length == 0 && hosts.Length > 0)
        {
            reached = [PastaServer];
        }

        string[] servers =
            // A resolver that asks all of its servers at once (musl's) would take the answer of one that knows no
            // container's name; the network's own asks those of --dns for it.
            networks.Length > 0
                ? networks
            : request?.Dns is { Count: > 0 } asked ? [.. asked]
            : mode == NetworkMode.None ? []
            : reached;
        string[] search = request?.DnsSearch is { Count: > 0 } domains
            ? [.. domains.Where(d => d != ".")]
            :
            [
                .. (record?.Status?.Values.SelectMany(s => s.DnsSearchDomains ?? []) ?? [])
                    .Concat(Words(given, "search"))
                    .Distinct(StringComparer.Ordinal),
            ];
        string[] options = request?.DnsOptions is { Count: > 0 } said ? [.. said] : [.. Words(given, "options")];
        return string.Concat(
            search.Length == 0 ? "" : $"search {string.Join(' ', search)}\n",
            string.Concat(servers.Select(s => $"nameserver {s}\n")),
            options.Length == 0 ? "" : $"options {string.Join(' ', options)}\n"
        );
    }

    private static bool OnlyLoopback(string? resolv) =>
        resolv is not null && Words(resolv, "nameserver").All(IsLoopback);

    private static bool IsLoopback(string server) =>
        IPAddress.TryParse(server.Split('%')[0], out IPAddress? address) && IPAddress.IsLoopback(address);

    private static IEnumerable<string> Words(string resolv, string keyword) =>
        resolv
            .Split('\n')
            .Select(l => l.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
            .Where(w => w.Length > 1 && w[0] == keyword)
            .SelectMany(w => w[1..]);

    /// <param name="Hosts">Null where there is none.</param>
    /// <param name="Resolv">The same.</param>
    /// <param name="ResolvedServers">The servers that systemd-resolved asks itself.</param>
    /// <param name="AwaitsResolved">/etc/resolv.conf leads to what systemd-resolved has not written yet.</param>
    internal sealed record HostFiles(
        string? Hosts,
        string? Resolv,
        string? ResolvedServers,
        bool AwaitsResolved,
        string Name
    )
    {
        private const long MaxBytes = 1 << 20;

        public static HostFiles Read() =>
            new(
                Text("/etc/hosts"),
                Text("/etc/resolv.conf"),
                Text(NameFiles.ResolvedServers),
                new FileInfo("/etc/resolv.conf").LinkTarget is { } target
                    && Path.GetFullPath(target, "/etc") == ResolvedStub,
                File.ReadAllText("/proc/sys/kernel/hostname").Trim()
            );

        private static string? Text(string path)
        {
            try
            {
                // A link that leads nowhere is no file.
                return
                    new FileInfo(path) is { Exists: true } && File.Exists(path) && File.OpenHandle(path) is { } handle
                    ? Whole(handle)
                    : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        private static string Whole(Microsoft.Win32.SafeHandles.SafeFileHandle handle)
        {
            using (handle)
            {
                byte[] bytes = new byte[Math.Min(RandomAccess.GetLength(handle), MaxBytes)];
                string text = Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, 0));
                return text.Length == 0 || text.EndsWith('\n') ? text : text + "\n";
            }
        }
    }
}
