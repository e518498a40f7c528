namespace SystemContainers.TestBed;

/// <summary>Debian's docker-registry on the loopback of a network namespace.</summary>
public sealed class RegistryServer : IAsyncDisposable
{
    private readonly BackgroundProcess _process;
    private readonly NetworkNamespace _network;

    private RegistryServer(BackgroundProcess process, NetworkNamespace network)
    {
        _process = process;
        _network = network;
    }

    /// <summary>Its log, an access line a request: what was fetched can be seen there.</summary>
    public string Log => _process.Log;

    /// <summary>Starts a registry on <see cref="TestHost.Registry"/> over a storage directory and waits until it answers.</summary>
    public static async Task<RegistryServer> StartAsync(
        Scratch scratch, NetworkNamespace network, string storage, bool readOnly)
    {
        string config = scratch.File("registry.yml");
        await File.WriteAllTextAsync(config, Configuration(storage, readOnly));
        BackgroundProcess process = BackgroundProcess.Start(
            scratch, "registry", network.Enter("docker-registry", "serve", config));
        RegistryServer server = new(process, network);
        for (DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30); DateTime.UtcNow < end && !process.HasEnded;)
        {
            CommandResult answer = await Command.RunAsync(
                network.Enter("curl", "--silent", "--fail", $"http://{TestHost.Registry}/v2/"));
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

    /// <summary>The configuration file of a registry on <see cref="TestHost.Registry"/>.</summary>
    public static string Configuration(string storage, bool readOnly) =>
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
            addr: {{TestHost.Registry}}

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
            $"oci:{layout}:{tag}", $"docker://{TestHost.Registry}/{name}",
        ];
        (await Command.RunAsync(_network.Enter(skopeo))).MustSucceed();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
