// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using SystemContainers.Linux.Users;

namespace SystemContainers.Pull.Options;

/// <summary>What tests and slow lines want to be different; the defaults are for hosts.</summary>
sealed record PullOptions
{
    /// <summary>Directories of <c>host[:port]/*.crt, *.cert, *.key</c>; for a host the first that has it counts
    /// (containers-certs.d(5)).</summary>
    public IReadOnlyList<string> CertificateDirectories { get; init; } =
    ["/etc/containers/certs.d", "/etc/docker/certs.d"];

    /// <summary>The defaults for who pulls: a user's own certificates come before the host's, and those before the
    /// distribution's and Docker's.</summary>
    /// <param name="user">Null for root.</param>
    public static PullOptions Of(HostUser? user) =>
        new()
        {
            CertificateDirectories =
            [
                .. ContainersPaths.Directories("certs", ".d", user, Environment.GetEnvironmentVariable),
                "/etc/docker/certs.d",
            ],
        };

    /// <summary>Layers that are fetched and unpacked at once: enough to hide round trips, few enough for two cores and
    /// memory.</summary>
    public int ParallelLayers { get; init; } = 3;

    /// <summary>Pieces of one layer that are fetched at once, where only what is missing of it is fetched.</summary>
    public int ParallelRanges { get; init; } = 4;

    /// <summary>The largest such piece, in bytes: a long one is fetched as several, and so many are held in memory for
    /// each layer.</summary>
    public int LargestRange { get; init; } = 4 << 20;

    /// <summary>How many pieces of one layer are worth their requests; where there would be more, those nearest to each
    /// other become one.</summary>
    public int MaxRanges { get; init; } = 1024;

    /// <summary>How often one request is sent before we give up, the first included.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>The pause before the second attempt; it doubles from one to the next.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause, also where a registry asks for a longer one in <c>Retry-After</c>.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an answer's headers, or the next bytes of its body, may take.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The least that the body of a blob has to bring, in bytes a second over <see cref="RateWindow"/>; only the time
    /// counts in which we wait for it. Below that it counts as cut. As dnf's minrate: less than any modem, and more
    /// than a registry that means to keep us.
    /// </summary>
    public int LeastRate { get; init; } = 1024;

    /// <summary>Over how long <see cref="LeastRate"/> is an average.</summary>
    public TimeSpan RateWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the pull of one image from one place may take, with all attempts: whoever keeps to the rate
    /// can't keep us for ever.</summary>
    public TimeSpan LongestPull { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Through which proxy an address is reached.</summary>
    public ProxyRules Proxy { get; init; } = ProxyRules.OfProcess();

    /// <summary>Gives the addresses of a host's name.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Connects to an address that was looked at.</summary>
    public Func<IPEndPoint, CancellationToken, ValueTask<Stream>> Connect { get; init; } = ConnectAsync;

    /// <summary>The socket of the local Docker daemon, as docker's own client finds it; a path or
    /// <c>unix://PATH</c>.</summary>
    public string DockerSocket { get; init; } =
        Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 } host ? host : "/run/docker.sock";

    /// <summary>
    /// Where an archive is put that can't be read where it is: a pipe, a compressed one, what a daemon sends. $TMPDIR,
    /// where that is set; who has a store takes that instead of a directory that others can write.
    /// </summary>
    public string SpoolDirectory { get; init; } =
        Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } directory ? directory : "/var/tmp";

    /// <summary>The largest such archive, unpacked, in bytes: a compressed one may grow a thousandfold.</summary>
    public long MaxSpoolBytes { get; init; } = 128L << 30;

    /// <summary>How long a daemon may think before it begins to send: it writes all layers to its own disk
    /// first.</summary>
    public TimeSpan DaemonTimeout { get; init; } = TimeSpan.FromMinutes(10);

    private static async ValueTask<Stream> ConnectAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
