// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using SystemContainers.Linux.Processes;
using SystemContainers.Tests.Fakes;

namespace SystemContainers.Tests.Pull;

/// <summary>Debian's docker-registry, the real one, on loopback with its storage in a temporary directory.</summary>
public sealed class DockerRegistry : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-registry-").FullName;
    private readonly Process _process;

    private DockerRegistry(string? passwords, TestCertificates? certificates, bool deletes)
    {
        Host = $"127.0.0.1:{LoopbackPort.Next()}";
        string tls = "";
        if (certificates is not null)
        {
            File.WriteAllText(In("tls.crt"), certificates.Server.ExportCertificatePem());
            File.WriteAllText(In("tls.key"), TestCertificates.KeyPem(certificates.Server));
            tls = ", tls: {certificate: " + In("tls.crt") + ", key: " + In("tls.key") + "}";
        }

        string authentication = "";
        if (passwords is not null)
        {
            File.WriteAllText(In("htpasswd"), passwords);
            authentication = "auth: {htpasswd: {realm: test, path: " + In("htpasswd") + "}}";
        }

        File.WriteAllLines(
            In("config.yml"),
            [
                "version: 0.1",
                "log: {level: error, accesslog: {disabled: true}}",
                "storage: {filesystem: {rootdirectory: "
                    + In("data")
                    + "}, delete: {enabled: "
                    + (deletes ? "true" : "false")
                    + "}}",
                "http: {addr: \"" + Host + "\"" + tls + "}",
                authentication,
            ]
        );
        _process = Process.Start(
            new ProcessStartInfo("docker-registry", ["serve", In("config.yml")])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        _process.ErrorDataReceived += static (_, _) => { };
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    public string Host { get; }

    public static async Task<DockerRegistry> StartAsync(
        TestCertificates? certificates = null,
        (string User, string Password)? login = null,
        bool deletes = false
    )
    {
        string? passwords = login is { } basic
            ? (await ProcessRunner.RunAsync("htpasswd", ["-Bbn", basic.User, basic.Password], default)).Output
            : null;
        DockerRegistry registry = new(passwords, certificates, deletes);
        await registry.WaitAsync();
        return registry;
    }

    private string In(string name) => Path.Combine(_root, name);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private async Task WaitAsync()
    {
        for (
            Stopwatch watch = Stopwatch.StartNew();
            !_process.HasExited && watch.Elapsed < TimeSpan.FromSeconds(30);
            await Task.Delay(20)
        )
        {
            using TcpClient client = new();
            try
            {
                await client.ConnectAsync(IPEndPoint.Parse(Host));
                return;
            }
            catch (SocketException)
            {
                // Not yet.
            }
        }

        throw new InvalidOperationException("docker-registry does not listen");
    }
}
