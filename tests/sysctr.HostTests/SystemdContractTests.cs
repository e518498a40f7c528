// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd;
using SystemContainers.Systemd.DBus;
using SystemContainers.TestBed;
using SystemContainers.Tests.Systemd;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>The real systemd does what the fake one of the unit tests is made to do.</summary>
[Collection(InstallingHost.Name)]
public sealed class SystemdContractTests(NspawnFixture fixture)
{
    [Fact]
    public async Task The_real_systemd_keeps_it()
    {
        using RealHost host = new(fixture.Host);
        await SystemdContract.HoldAsync(host);

        int version = await host.Systemd.GetVersionAsync(TestContext.Current.CancellationToken);
        Assert.True(
            HostRoot.Tested.Suite switch
            {
                "bookworm" => version == 252,
                "trixie" => version == 257,
                _ => version >= 262,
            },
            $"systemd {version}"
        );
    }

    /// <summary>A host whose bus is reached from outside; systemd's own socket hangs up on who is outside of its pid
    /// namespace.</summary>
    private sealed class RealHost(NspawnHost host) : IContractHost, IDisposable
    {
        private readonly SystemdBus _systemd = new(
            user: null,
            [new SystemdAddress($"unix:path={host.RunningRoot}/run/dbus/system_bus_socket", Uid: 0)]
        );

        public ISystemdManager Systemd => _systemd;

        public void Put(ContractService service) =>
            File.WriteAllText(
                $"{host.RunningRoot}/run/systemd/system/{service.Name}",
                $"""
            [Unit]
            {(service.After is { } after ? "After=" + after : "")}
            {(service.Requires is { } required ? "Requires=" + required : "")}
            [Service]
            Type={(service.Does is ContractProcess.Fails ? "oneshot" : "simple")}
            ExecStart=/bin/sh -c '{service.Does switch
                {
                    ContractProcess.Ends => "true",
                    ContractProcess.Crashes => "sleep 0.5; exit 3",
                    ContractProcess.Fails => "false",
                    _ => "exec sleep infinity",
                }}'
            [Install]
            WantedBy=multi-user.target
            """
            );

        public Task PassAsync(Task task) => task;

        public void Dispose() => _systemd.Dispose();
    }
}
