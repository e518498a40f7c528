// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>Debian's docker-registry on the loopback of a network namespace.</summary>
public sealed class RegistryServer : IAsyncDisposable
{
    private readonly BackgroundProcess _process;
    private readonly NetworkNamespace _network;
    private readonly string _address;

    private readonly string? _login;

    private RegistryServer(BackgroundProcess process, NetworkNamespace network, string address, string? login)
    {
        _process = process;
        _network = network;
        _address = address;
        _login = login;
    }

    /// <summary>Its log, an access line a request: what was fetched can be seen there.</summary>
    public string Log => _process.Log;

    /// <summary>Starts a registry over a storage directory and waits until it answers.</summary>
    /// <param name="scratch">Keeps its configuration and log.</param>
    /// <param name="network">Where it listens.</param>
    /// <param name="storage">Its directory.</param>
    /// <param name="readOnly">Whether pushes are refused.</param>
    /// <param name="address">Where it answers; <see cref="TestHost.Registry"/> unless another is said.</param>
    /// <param name="login">The one user that it serves, <c>NAME:PASSWORD</c>; null to serve all.</param>
    public static async Task<RegistryServer> StartAsync(
        Scratch scratch,
        NetworkNamespace network,
        string storage,
        bool readOnly,
        string address = TestHost.Registry,
        string? login = null
    )
    {
        string name = $"registry-{address.Split(':')[1]}";
        string config = scratch.File(name + ".yml");
        await File.WriteAllTextAsync(
            config,
            Configuration(storage, readOnly, address) + await PasswordsAsync(scratch, name, login)
        );
        BackgroundProcess process = BackgroundProcess.Start(
            scratch,
            name,
            network.Enter("docker-registry", "serve", config)
        );
        RegistryServer server = new(process, network, address, login);
        for (DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(30); DateTime.UtcNow < end && !process.HasEnded;)
        {
            CommandResult answer = await Command.RunAsync(
                network.Enter([
                    "curl",
                    "--silent",
                    "--fail",
                    .. login is null ? Array.Empty<string>() : ["--user", login],
                    $"http://{address}/v2/",
                ])
            );
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

    private static async Task<string> PasswordsAsync(Scratch scratch, string name, string? login)
    {
        if (login?.Split(':') is not [var user, var password])
        {
            return "";
        }

        string file = scratch.File(name + ".htpasswd");
        await File.WriteAllTextAsync(file, (await Command.MustAsync("htpasswd", "-Bbn", user, password)).Output);
        return $"auth: {{htpasswd: {{realm: test, path: {file}}}}}\n";
    }

    /// <summary>Pushes an image of an OCI layout.</summary>
    /// <param name="layout">Directory of the layout.</param>
    /// <param name="tag">Tag in the layout.</param>
    /// <param name="name">Repository and tag in the registry: <c>etcd:latest</c>.</param>
    public async Task PushAsync(string layout, string tag, string name)
    {
        string[] skopeo =
        [
            "skopeo",
            "--insecure-policy",
            "copy",
            "--quiet",
            "--dest-tls-verify=false",
            .. _login is null ? Array.Empty<string>() : ["--dest-creds", _login],
            $"oci:{layout}:{tag}",
            $"docker://{_address}/{name}",
        ];
        (await Command.RunAsync(_network.Enter(skopeo))).MustSucceed();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
