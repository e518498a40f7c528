// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>How sysctr is known to etcd: certificates, users, and what it refuses to send.</summary>
public sealed class EtcdTests : IAsyncLifetime
{
    private Scratch _scratch = null!;
    private HubNetwork _hub = null!;
    private EtcdServer _etcd = null!;

    public async ValueTask InitializeAsync()
    {
        await Packages.EnsureAsync();
        _scratch = await Scratch.CreateAsync();
        _hub = await HubNetwork.CreateAsync(_scratch.Name);
    }

    [Fact]
    public async Task With_a_client_certificate()
    {
        await MakeCertificatesAsync();
        _etcd = await EtcdServer.StartAsync(_scratch, _hub.Namespace, HubNetwork.Address, tls: _scratch.Path);
        string[] authority = [$"ETCDCTL_CACERT={_scratch.Path}/ca.crt"];
        string[] all =
        [
            .. authority,
            $"ETCDCTL_CERT={_scratch.Path}/client.crt",
            $"ETCDCTL_KEY={_scratch.Path}/client.key",
        ];

        Assert.Equal(4, (await StatusAsync("https://" + _etcd.Endpoint)).ExitCode);
        Assert.Equal(4, (await StatusAsync(_etcd.Endpoint)).ExitCode);
        Assert.Equal(4, (await StatusAsync(_etcd.Endpoint, authority)).ExitCode);
        (await StatusAsync(_etcd.Endpoint, all)).MustSucceed();
        CommandResult wrong = await StatusAsync(_etcd.Endpoint, "ETCDCTL_CACERT=/etc/hostname");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("reading /etc/hostname", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_user_whose_password_never_crosses_a_network_in_clear()
    {
        _etcd = await EtcdServer.StartAsync(_scratch, _hub.Namespace, "127.0.0.1");
        (await _etcd.ControlAsync("user", "add", "root:secret")).MustSucceed();
        (await _etcd.ControlAsync("user", "grant-role", "root", "root")).MustSucceed();
        (await _etcd.ControlAsync("auth", "enable")).MustSucceed();

        (await StatusAsync(_etcd.Endpoint, "ETCDCTL_USER=root:secret")).MustSucceed();
        (await StatusAsync(_etcd.Endpoint, "ETCDCTL_USER=root", "ETCDCTL_PASSWORD=secret")).MustSucceed();
        Assert.Equal(5, (await StatusAsync(_etcd.Endpoint, "ETCDCTL_USER=root:wrong")).ExitCode);
        Assert.Equal(5, (await StatusAsync(_etcd.Endpoint)).ExitCode);
        CommandResult clear = await StatusAsync($"{HubNetwork.Address}:2379", "ETCDCTL_USER=root:secret");
        Assert.Equal(6, clear.ExitCode);
        Assert.DoesNotContain("secret", clear.Error, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await (_etcd?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _hub.DisposeAsync();
        await _scratch.DisposeAsync();
    }

    private Task<CommandResult> StatusAsync(string endpoint, params string[] environment) =>
        Command.RunAsync(
            _hub.Namespace.Enter([
                "env",
                .. environment,
                Path.Combine(Workspace.Artifacts, "sysctr"),
                "rollout",
                "status",
                "--lock",
                $"etcd:{endpoint}/test",
            ])
        );

    private async Task MakeCertificatesAsync() =>
        await Command.MustAsync(
            "sh",
            "-euc",
            // The gateway is a client of its own server, so the server's certificate has to be good for both.
            """
            cd "$1"
            new="openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
            $new -x509 -days 2 -subj /CN=ca -keyout ca.key -out ca.crt
            for name in server client; do
                $new -subj /CN=$name -keyout $name.key -out $name.csr
                printf 'subjectAltName=IP:%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$2" > $name.ext
                openssl x509 -req -days 2 -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile $name.ext -out $name.crt
            done
            """,
            "certificates",
            _scratch.Path,
            HubNetwork.Address
        );
}
