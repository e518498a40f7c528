// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Eight booted hosts on a network with a registry and etcd; all have the container <c>agent</c>,
/// running.</summary>
public sealed class Fleet : IAsyncLifetime
{
    /// <summary>How many hosts.</summary>
    public const int Size = 8;

    /// <summary>The container that every host has.</summary>
    public const string Agent = "agent";

    /// <summary>The registry, as hosts reach it.</summary>
    private const string Registry = $"{HubNetwork.Address}:5000";

    private readonly List<NspawnHost> _hosts = [];
    private Scratch _scratch = null!;
    private RegistryServer _registry = null!;

    /// <summary>The hosts.</summary>
    public IReadOnlyList<NspawnHost> Hosts => _hosts;

    /// <summary>The network that joins them.</summary>
    public HubNetwork Hub { get; private set; } = null!;

    /// <summary>The etcd that they take turns by.</summary>
    public EtcdServer Etcd { get; private set; } = null!;

    /// <summary>A directory of the build machine.</summary>
    public Scratch Scratch => _scratch;

    public async ValueTask InitializeAsync()
    {
        string first = await ImageBuilder.BuildAsync(new ImageSource("legacy-agent"));
        _scratch = await Scratch.CreateAsync();
        Hub = await HubNetwork.CreateAsync(_scratch.Name);
        Directory.CreateDirectory(_scratch.File("registry"));
        _registry = await RegistryServer.StartAsync(
            _scratch,
            Hub.Namespace,
            _scratch.File("registry"),
            readOnly: false,
            Registry
        );
        await _registry.PushAsync(first, ImageBuilder.Tag, $"{Agent}:{ImageBuilder.Tag}");
        Etcd = await EtcdServer.StartAsync(_scratch, Hub.Namespace, HubNetwork.Address);
        await HostRoot.Tested.GetAsync();
        await Parallel.ForAsync(
            0,
            Size,
            new ParallelOptions { MaxDegreeOfParallelism = 3 },
            async (_, _) =>
            {
                NspawnHost host = await NspawnHost.StartAsync(HostRoot.Tested, registryStorage: null, Hub);
                lock (_hosts)
                {
                    _hosts.Add(host);
                }

                // A start that takes a while, so that hosts which did not wait for each other would be seen to meet.
                await SlowAsync(host, "0.3");
                await host.ShellAsync(
                    $"""
                    mkdir -p /etc/containers/registries.conf.d
                    printf '[[registry]]\nlocation = "{Registry}"\ninsecure = true\n' > /etc/containers/registries.conf.d/hub.conf
                    sysctr --quiet install --set ADDRESS=here {Registry}/{Agent}
                    printf '[Service]\nExecStartPre=/bin/sh /etc/slow\n' > /etc/systemd/system/{Agent}.service.d/slow.conf
                    systemctl daemon-reload
                    systemctl start {Agent}
                    """
                );
            }
        );
    }

    /// <summary>The lock of a roll-out.</summary>
    /// <param name="key">Its key, used by one test.</param>
    /// <param name="slots">How many hosts at once.</param>
    /// <param name="ttl">After how many seconds a dead host is forgotten.</param>
    public string Lock(string key, int slots, int ttl = 60) => $"etcd:{Etcd.Endpoint}/{key}?slots={slots}&ttl={ttl}";

    /// <summary>Makes an image the one that all hosts go to with their next update.</summary>
    public async Task PublishAsync(string image) =>
        await _registry.PushAsync(
            await ImageBuilder.BuildAsync(new ImageSource(image)),
            ImageBuilder.Tag,
            $"{Agent}:{ImageBuilder.Tag}"
        );

    /// <summary>For updates that have to fail: a payload that dies ends the time to settle at once, on a busy machine
    /// not within the hosts' half a second.</summary>
    public static readonly string[] LongSettle = ["--settle", "30"];

    /// <summary>Updates hosts, all at once.</summary>
    public static Task<CommandResult[]> UpdateAsync(
        IEnumerable<NspawnHost> hosts,
        string @lock,
        params string[] options
    ) => Task.WhenAll(hosts.Select(h => h.SysctrAsync(["update", Agent, "--lock", @lock, .. options])));

    /// <summary>Brings hosts to an image, none of them waiting.</summary>
    public async Task SettleAsync(string image, params IEnumerable<NspawnHost> hosts)
    {
        await PublishAsync(image);
        foreach (
            CommandResult result in await Task.WhenAll(
                hosts.Select(h => h.SysctrAsync("update", Agent, "--lock", "none"))
            )
        )
        {
            result.MustSucceed();
        }
    }

    /// <summary>Has a host fail to update, so that it holds the roll-out; the image that is published then is a good
    /// one again.</summary>
    /// <param name="failing">The host.</param>
    /// <param name="lock">The roll-out's lock.</param>
    /// <param name="others">Hosts that have something to update then.</param>
    public async Task FailAsync(NspawnHost failing, string @lock, params IEnumerable<NspawnHost> others)
    {
        await SettleAsync("legacy-agent", [failing, .. others]);
        await PublishAsync("broken-start");
        Assert.Equal(11, (await UpdateAsync([failing], @lock, LongSettle))[0].ExitCode);
        await PublishAsync("legacy-agent-v2");
    }

    /// <summary>Has a host's sysctr.toml name a lock until what this gives is disposed of.</summary>
    public static async Task<IAsyncDisposable> ConfigureAsync(NspawnHost host, string @lock)
    {
        await host.ShellAsync(
            $"cp /etc/sysctr/sysctr.toml /etc/sysctr/kept; echo 'lock = \"{@lock}\"' >> /etc/sysctr/sysctr.toml"
        );
        return new Undo(host, "mv /etc/sysctr/kept /etc/sysctr/sysctr.toml");
    }

    /// <summary>How long the agent takes to start on a host, in seconds.</summary>
    public static Task SlowAsync(NspawnHost host, string seconds) =>
        host.ShellAsync($"echo sleep {seconds} > /etc/slow");

    /// <summary>Has the agent's start take until <see cref="OpenAsync"/>, or until systemd gives it up after a minute
    /// and a half.</summary>
    public static Task CloseAsync(NspawnHost host) =>
        host.ShellAsync("rm -f /run/go; echo 'while ! [ -e /run/go ]; do sleep 0.1; done' > /etc/slow");

    /// <summary>Lets the agent of a host start that waits since <see cref="CloseAsync"/>, and all that come.</summary>
    public static Task OpenAsync(NspawnHost host) => host.ShellAsync("touch /run/go");

    /// <summary>What the agent says of its version.</summary>
    public static async Task<string> VersionAsync(NspawnHost host) => (await host.ShellAsync($"{Agent}ctl")).Trim();

    /// <summary>What is below a roll-out's key, key and value.</summary>
    /// <param name="key">The roll-out's.</param>
    /// <param name="etcd">Who is asked; null for the fleet's own.</param>
    public async Task<string> KeysAsync(string key, EtcdServer? etcd = null) =>
        (await (etcd ?? Etcd).ControlAsync("get", "--prefix", key + "/")).MustSucceed().Output.Trim();

    /// <summary>Waits until a host is in a state.</summary>
    public Task UntilAsync(string key, string state, EtcdServer? etcd = null) =>
        UntilAsync(key, keys => keys.Contains($"\"{state}\"", StringComparison.Ordinal), etcd);

    /// <summary>Waits until no host's process is alive.</summary>
    public Task UntilNobodyAsync(string key, EtcdServer? etcd = null) =>
        UntilAsync(key, keys => !keys.Contains("/alive/", StringComparison.Ordinal), etcd);

    /// <summary>The states of every host in every revision of etcd's history of a roll-out.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<string>>> HistoryAsync(string key, EtcdServer? etcd = null)
    {
        string watched = await (etcd ?? Etcd).HistoryAsync($"{key}/", "end-of-history-");
        SortedDictionary<string, string> states = new(StringComparer.Ordinal);
        List<IReadOnlyList<string>> history = [];
        foreach (string line in watched.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument answer = JsonDocument.Parse(line);
            foreach (JsonElement change in answer.RootElement.GetProperty("Events").EnumerateArray())
            {
                JsonElement pair = change.GetProperty("kv");
                string host = Encoding.UTF8.GetString(pair.GetProperty("key").GetBytesFromBase64());
                if (!host.StartsWith($"{key}/hosts/", StringComparison.Ordinal))
                {
                    continue;
                }

                if (change.TryGetProperty("type", out JsonElement type) && type.GetInt32() == 1)
                {
                    states.Remove(host);
                }
                else
                {
                    using JsonDocument record = JsonDocument.Parse(pair.GetProperty("value").GetBytesFromBase64());
                    states[host] = record.RootElement.GetProperty("state").GetString()!;
                }

                history.Add([.. states.Values]);
            }
        }

        return history;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (NspawnHost host in _hosts)
        {
            await host.DisposeAsync();
        }

        await (Etcd?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_registry?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Hub?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_scratch?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private async Task UntilAsync(string key, Func<string, bool> holds, EtcdServer? etcd)
    {
        for (DateTime end = DateTime.UtcNow.AddMinutes(3); !holds(await KeysAsync(key, etcd)); await Task.Delay(50))
        {
            Assert.True(DateTime.UtcNow < end, $"still:\n{await KeysAsync(key, etcd)}");
        }
    }

    private sealed class Undo(NspawnHost host, string script) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await host.ShellAsync(script);
    }
}
