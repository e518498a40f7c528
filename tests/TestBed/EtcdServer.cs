using System.Globalization;

namespace SystemContainers.TestBed;

/// <summary>Debian's etcd, one member, in a network namespace.</summary>
public sealed class EtcdServer : IAsyncDisposable
{
    private readonly BackgroundProcess _process;
    private readonly NetworkNamespace _network;
    private readonly string[] _client;

    private EtcdServer(BackgroundProcess process, NetworkNamespace network, string endpoint, string[] client)
    {
        _process = process;
        _network = network;
        Endpoint = endpoint;
        _client = client;
    }

    /// <summary><c>host:port</c> for clients.</summary>
    public string Endpoint { get; }

    /// <summary>Its log.</summary>
    public string Log => _process.Log;

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="scratch">Where its data goes.</param>
    /// <param name="network">Where it runs.</param>
    /// <param name="address">Its address there.</param>
    /// <param name="port">The clients' port; that of other members is the next one.</param>
    /// <param name="tls">A directory with ca.crt, server.crt and server.key, client.crt and client.key: clients have to show one of that CA.</param>
    public static async Task<EtcdServer> StartAsync(
        Scratch scratch, NetworkNamespace network, string address, int port = 2379, string? tls = null)
    {
        string scheme = tls is null ? "http" : "https";
        string client = $"{scheme}://{address}:{port}";
        string peer = $"http://127.0.0.1:{port + 1}";
        string[] server = tls is null ? [] :
        [
            "--cert-file", $"{tls}/server.crt", "--key-file", $"{tls}/server.key", "--trusted-ca-file", $"{tls}/ca.crt", "--client-cert-auth",
        ];
        BackgroundProcess process = BackgroundProcess.Start(scratch, $"etcd-{port}", network.Enter(
        [
            "etcd", "--name", "test", "--data-dir", scratch.File($"etcd-{port}"), "--unsafe-no-fsync",
            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", $"test={peer}", .. server,
        ]));
        string[] certificates = tls is null ? [] :
            ["--cacert", $"{tls}/ca.crt", "--cert", $"{tls}/client.crt", "--key", $"{tls}/client.key"];
        EtcdServer etcd = new(process, network, $"{address}:{port}", ["env", "ETCDCTL_API=3", "etcdctl", "--endpoints", client, .. certificates]);
        for (DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30); DateTime.UtcNow < end && !process.HasEnded; await Task.Delay(50))
        {
            if ((await etcd.ControlAsync("endpoint", "health")).ExitCode == 0)
            {
                return etcd;
            }
        }

        string log = await File.ReadAllTextAsync(process.Log);
        await etcd.DisposeAsync();
        throw new InvalidOperationException($"etcd does not answer:\n{log}");
    }

    /// <summary>Runs <c>etcdctl</c>, with its third API.</summary>
    public Task<CommandResult> ControlAsync(params string[] arguments) => Command.RunAsync(_network.Enter([.. _client, .. arguments]));

    /// <summary>All changes that there have been below a prefix, as <c>etcdctl watch</c> prints them, an object a line.</summary>
    /// <param name="prefix">Of the keys.</param>
    /// <param name="time">After it nothing more is waited for.</param>
    public Task<CommandResult> WatchAsync(string prefix, TimeSpan time) => Command.RunAsync(_network.Enter(
        ["timeout", "--signal=INT", time.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. _client, "watch", "--prefix", "--rev=1", "--write-out=json", prefix]));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
