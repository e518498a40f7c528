// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>What all rows of a call share: how often, and the hosts, each booted when the first row wants it.</summary>
sealed class BenchRun : IAsyncDisposable
{
    private readonly Lazy<Task<NspawnHost>> _trixie = new(() => StartAsync(HostRoot.Trixie));
    private readonly Lazy<Task<NspawnHost>> _bookworm = new(() => StartAsync(HostRoot.BookwormBench));

    /// <summary>Turns of each contestant, the one that warms up not counted.</summary>
    public required int Rounds { get; init; }

    /// <summary>What sysctr is given at installs, such as <c>--checkout hardlinks</c>, with a space before; mostly
    /// nothing.</summary>
    public required string InstallOptions { get; init; }

    /// <summary>By how much what is dear is made smaller than the target has it, and said so: 500 000 files, a 10 GB
    /// layer, 200 containers.</summary>
    public required int Scale { get; init; }

    /// <summary>A line about each step.</summary>
    public static void Say(string step) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {step}");

    /// <summary>Debian 13 with podman, skopeo and umoci.</summary>
    public Task<NspawnHost> TrixieAsync() => _trixie.Value;

    /// <summary>Debian 12, with systemd 252 and runc 1.1.</summary>
    public Task<NspawnHost> BookwormAsync() => _bookworm.Value;

    /// <summary>For what needs no booted host.</summary>
    public BuildMachine Here { get; } = new();

    /// <summary>The first of the machine's load averages.</summary>
    public static double Load =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<NspawnHost>> host in (Lazy<Task<NspawnHost>>[])[_trixie, _bookworm])
        {
            if (host.IsValueCreated)
            {
                await (await host.Value).DisposeAsync();
            }
        }

        await Here.DisposeAsync();
    }

    private static async Task<NspawnHost> StartAsync(HostRoot root)
    {
        Say($"a host of {root.Suite}");
        string storage = await ImageBuilder.RegistryStorageAsync([
            new("httpd"),
            new("etcd"),
            new("probe"),
            new("nginx", "ordinary"),
        ]);
        NspawnHost host = await NspawnHost.StartAsync(root, await RebuiltBase.AddAsync(storage));
        return host;
    }
}
