// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>Debian's docker-registry on the loopback of a network namespace.</summary>
public sealed class RegistryServer : IAsyncDisposable
{
    private readonly BackgroundProcess _process;
    private readonly NetworkNamespace _network;
    private readonly string _address;

    private RegistryServer(BackgroundProcess process, NetworkNamespace network, string address)
    {
        _process = process;
        _network = network;
        _address = address;
    }

    /// <summary>Its log, an access line a request: what was fetched can be seen there.</summary>
    public string Log => _process.Log;

    /// <summary>Starts a registry over a storage directory and waits until it answers.</summary>
    /// <param name="scratch">Keeps its configuration and log.</param>
    /// <param name="network">Where it listens.</param>
    /// <param name="storage">Its directory.</param>
    /// <param name="readOnly">Whether pushes are refused.</param>
    /// <param name="address">Where it answers; <see cref="TestHost.Registry"/> unless another is said.</param>
    public static async Task<RegistryServer> StartAsync(
        Scratch scratch, NetworkNamespace network, string storage, bool readOnly, string address = TestHost.Registry)
    {
        string name = $"registry-{address.Split(':')[1]}";
        string config = scratch.File(name + ".yml");
        await File.WriteAllTextAsync(config, Configuration(storage, readOnly, address));
        BackgroundProcess process = BackgroundProcess.Start(
            scratch, name, network.Enter("docker-registry", "serve", config));
        RegistryServer server = new(process, network, address);
        for (DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30); DateTime.UtcNow < end && !process.HasEnded;)
        {
            CommandResult answer = await Command.RunAsync(
                network.Enter("curl", "--silent", "--fail", $"http://{address}/v2/"));
            if (answer.ExitCode == 0)
            {
                return server;
            }

            await Task.Delay(50);
        }

        string log = await File.ReadAllTextAsync(process.Log);
        await server.DisposeAsync();
        throw new InvalidOperationException($"docker-registry does not answer:\n{log}");
    }

    /// <summary>The configuration file of a registry.</summary>
    public static string Configuration(string storage, bool readOnly, string address = TestHost.Registry) =>
        $$"""
          version: 0.1
          log:
            accesslog:
              disabled: false
            level: error
          storage:
            filesystem:
              rootdirectory: {{storage}}
            maintenance:
              readonly:
                enabled: {{(readOnly ? "true" : "false")}}
          http:
            addr: {{address}}

          """;

    /// <summary>Pushes an image of an OCI layout.</summary>
    /// <param name="layout">Directory of the layout.</param>
    /// <param name="tag">Tag in the layout.</param>
    /// <param name="name">Repository and tag in the registry: <c>etcd:latest</c>.</param>
    public async Task PushAsync(string layout, string tag, string name)
    {
        string[] skopeo =
        [
            "skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
            $"oci:{layout}:{tag}", $"docker://{_address}/{name}",
        ];
        (await Command.RunAsync(_network.Enter(skopeo))).MustSucceed();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
