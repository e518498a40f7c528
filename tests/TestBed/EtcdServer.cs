// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace SystemContainers.TestBed;

/// <summary>A member of an etcd cluster, mostly its only one, in a network namespace.</summary>
public sealed class EtcdServer : IAsyncDisposable
{
    private static int s_count;

    private readonly Func<BackgroundProcess> _start;
    private readonly NetworkNamespace _network;
    private readonly string[] _client;
    private BackgroundProcess _process;

    private EtcdServer(Func<BackgroundProcess> start, NetworkNamespace network, string endpoint, string[] client)
    {
        _start = start;
        _process = start();
        _network = network;
        Endpoint = endpoint;
        _client = client;
    }

    /// <summary><c>host:port</c> for clients.</summary>
    public string Endpoint { get; }

    /// <summary>Its log.</summary>
    public string Log => _process.Log;

    /// <summary>Starts one and waits until it answers.</summary>
    /// <param name="scratch">Where its data goes.</param>
    /// <param name="network">Where it runs.</param>
    /// <param name="address">Its address there.</param>
    /// <param name="port">The clients' port; that of other members is the next one.</param>
    /// <param name="tls">A directory with ca.crt, server.crt and server.key, client.crt and client.key: clients have to
    /// show one of that CA.</param>
    /// <param name="release">Which etcd; null for the oldest.</param>
    public static async Task<EtcdServer> StartAsync(
        Scratch scratch,
        NetworkNamespace network,
        string address,
        int port = 2379,
        string? tls = null,
        EtcdRelease? release = null
    ) => (await StartClusterAsync(scratch, network, address, [port], tls, release))[0];

    /// <summary>Starts a cluster with a member for each port, and waits until all answer.</summary>
    public static async Task<IReadOnlyList<EtcdServer>> StartClusterAsync(
        Scratch scratch,
        NetworkNamespace network,
        string address,
        IReadOnlyList<int> ports,
        string? tls = null,
        EtcdRelease? release = null
    )
    {
        string cluster = string.Join(',', ports.Select(p => $"m{p}={Peer(p)}"));
        EtcdServer[] members =
        [
            .. ports.Select(p => Start(scratch, network, address, p, cluster, tls, release ?? EtcdRelease.Oldest)),
        ];
        try
        {
            await Task.WhenAll(members.Select(m => m.WaitAsync()));
            return members;
        }
        catch
        {
            foreach (EtcdServer member in members)
            {
                await member.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Ends it at once; its data stays.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Starts it again after <see cref="KillAsync"/>, with its data.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = _start();
        await WaitAsync();
    }

    /// <summary>Has it hang: it takes connections and does not answer.</summary>
    public Task PauseAsync() => Command.MustAsync("kill", "-STOP", Number(_process.Id));

    /// <summary>Lets it go on.</summary>
    public Task ContinueAsync() => Command.MustAsync("kill", "-CONT", Number(_process.Id));

    /// <summary>Runs <c>etcdctl</c>, with its third API.</summary>
    public Task<CommandResult> ControlAsync(params string[] arguments) =>
        Command.RunAsync(_network.Enter([.. _client, .. arguments]));

    /// <summary>
    /// All changes that there have been below a prefix until now, as <c>etcdctl watch</c> prints them, an object a
    /// line. It would go on watching: a key that is written below the prefix first, and deleted, is the last that it
    /// prints.
    /// </summary>
    /// <param name="prefix">Of the keys.</param>
    /// <param name="mark">The key's name, which is no other's.</param>
    /// <exception cref="CommandFailedException">The key does not come.</exception>
    public async Task<string> HistoryAsync(string prefix, string mark)
    {
        const string script = """
            mark=$1; shift
            exec 3< <(exec timeout 180 "$@")
            watch=$!
            while read -r line <&3; do
                printf '%s\n' "$line"
                [[ $line != *"\"$mark\""* ]] || { kill $watch; exit 0; }
            done
            exit 1
            """;
        string key = prefix + mark + Number(Interlocked.Increment(ref s_count));
        (await ControlAsync("put", key, "")).MustSucceed();
        (await ControlAsync("del", key)).MustSucceed();
        return (
            await Command.RunAsync(
                _network.Enter([
                    "bash",
                    "-uc",
                    script,
                    "bash",
                    Convert.ToBase64String(Encoding.UTF8.GetBytes(key)),
                    .. _client,
                    "watch",
                    "--prefix",
                    "--rev=1",
                    "--write-out=json",
                    prefix,
                ])
            )
        )
            .MustSucceed()
            .Output;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static EtcdServer Start(
        Scratch scratch,
        NetworkNamespace network,
        string address,
        int port,
        string cluster,
        string? tls,
        EtcdRelease release
    )
    {
        string client = $"{(tls is null ? "http" : "https")}://{address}:{port}";
        string[] server = tls is null
            ? []
            :
            [
                "--cert-file",
                $"{tls}/server.crt",
                "--key-file",
                $"{tls}/server.key",
                "--trusted-ca-file",
                $"{tls}/ca.crt",
                "--client-cert-auth",
            ];
        string[] certificates = tls is null
            ? []
            : ["--cacert", $"{tls}/ca.crt", "--cert", $"{tls}/client.crt", "--key", $"{tls}/client.key"];
        string name = $"etcd-{Number(Interlocked.Increment(ref s_count))}";
        string[] commandLine = network.Enter([
            release.Program("etcd"),
            "--name",
            $"m{port}",
            "--data-dir",
            scratch.File(name),
            "--unsafe-no-fsync",
            "--listen-client-urls",
            client,
            "--advertise-client-urls",
            client,
            "--listen-peer-urls",
            Peer(port),
            "--initial-advertise-peer-urls",
            Peer(port),
            "--initial-cluster",
            cluster,
            .. server,
        ]);
        return new EtcdServer(
            () => BackgroundProcess.Start(scratch, name, commandLine),
            network,
            $"{address}:{port}",
            ["env", "ETCDCTL_API=3", release.Program("etcdctl"), "--endpoints", client, .. certificates]
        );
    }

    private async Task WaitAsync()
    {
        for (
            DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30);
            DateTime.UtcNow < end && !_process.HasEnded;
            await Task.Delay(50)
        )
        {
            if ((await ControlAsync("endpoint", "health")).ExitCode == 0)
            {
                return;
            }
        }

        throw new InvalidOperationException($"etcd does not answer:\n{await File.ReadAllTextAsync(_process.Log)}");
    }

    private static string Peer(int port) => $"http://127.0.0.1:{Number(port + 1)}";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
