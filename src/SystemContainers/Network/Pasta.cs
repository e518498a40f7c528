// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Settings;

namespace SystemContainers.Network;

/// <summary>
/// The network of a user's container: pasta(1) gives the payload's namespace the host's addresses and passes on what
/// comes and goes. It stays as long as the namespace, beside the payload in its unit, as with podman: a user can have
/// no bridge.
/// </summary>
static class Pasta
{
    /// <summary>Starts it for a container that is being made.</summary>
    /// <param name="request">What it wants.</param>
    /// <param name="process">A process in the container's user and network namespaces.</param>
    /// <exception cref="SysctrException">Host: it is not installed, or fails.</exception>
    public static void Start(NetworkRequest request, int process)
    {
        string pasta = NetworkPrograms.Require("pasta", "passt", $"for the network of {request.Name}");
        IReadOnlyList<string> words = Words(
            HostPorts.Claim(request.Ports, [], request.Name),
            request.PastaWords,
            process.ToString(CultureInfo.InvariantCulture)
        );

        // systemd has services ignore SIGPIPE (IgnoreSIGPIPE=), and Debian 12's pasta takes that for a failure:
        // "Couldn't install signal handlers".
        ProcessResult done = ProcessRunner
            .RunAsync("/usr/bin/env", ["--default-signal=PIPE", pasta, .. words], CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        if (done.ExitCode != 0)
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"making the network of {request.Name}: pasta: {done.Error.Trim()}",
                "'--network host' needs none of it"
            );
        }
    }

    /// <summary>As podman calls it (containers/common, libnetwork/pasta).</summary>
    internal static IReadOnlyList<string> Words(
        IReadOnlyList<PublishedPort> ports,
        IReadOnlyList<string> words,
        string process
    )
    {
        // Whose process it was given is gone a moment later, and newer ones would take that for the namespace's end;
        // the unit's end is theirs.
        List<string> all = ["--config-net", "--quiet", "--no-netns-quit", .. words];
        foreach (PublishedPort port in ports)
        {
            string places = (port with { HostIp = "" }).ToString()[..^(port.Protocol.Length + 1)];
            all.AddRange([
                port.Protocol == "udp" ? "-u" : "-t",
                port.HostIp.Length > 0 ? $"{port.HostIp}/{places}" : places,
            ]);
        }

        if (ports.FirstOrDefault(p => p.Protocol == "sctp") is { } sctp)
        {
            throw new SysctrException(ErrorKind.Usage, $"publishing port {sctp}: pasta passes on tcp and udp alone");
        }

        // Nothing that nobody asked for: neither the host's own ports, nor its loopback by the gateway's address.
        Unless("-t", "none");
        Unless("-u", "none");
        Unless("-T", "none");
        Unless("-U", "none");
        if (!words.Contains("--map-gw", StringComparer.Ordinal))
        {
            all.Add("--no-map-gw");
        }

        all.Remove("--map-gw");
        Unless("--dns-forward", NameFiles.PastaServer);
        return [.. all, process];

        void Unless(string option, string value)
        {
            if (!all.Contains(option, StringComparer.Ordinal))
            {
                all.AddRange([option, value]);
            }
        }
    }
}
