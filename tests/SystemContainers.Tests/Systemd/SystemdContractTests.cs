// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;
using SystemContainers.Systemd;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Systemd;

/// <summary>The fake systemd keeps what the real one does; the host test of the same name shows that of the real
/// one.</summary>
public sealed class SystemdContractTests
{
    [Fact]
    public async Task The_fake_systemd_keeps_it()
    {
        using FakeHost host = new();
        await SystemdContract.HoldAsync(host);
    }

    private sealed class FakeHost : IContractHost, IDisposable
    {
        private readonly FakeTimeProvider _clock = new();
        private readonly FakeSystemd _systemd;

        public FakeHost() => _systemd = new FakeSystemd(_clock);

        public ISystemdManager Systemd => _systemd;

        public void Put(ContractService service)
        {
            FakeUnit unit = _systemd[service.Name];
            unit.IsThere = true;
            unit.Type = service.Does is ContractProcess.Fails ? "oneshot" : "simple";
            unit.StartFails = service.Does is ContractProcess.Fails ? "failed" : null;
            (unit.EndsAfter, unit.EndsWith) = service.Does switch
            {
                ContractProcess.Ends => (TimeSpan.FromMilliseconds(1), "success"),
                ContractProcess.Crashes => (TimeSpan.FromMilliseconds(500), "exit-code"),
                _ => ((TimeSpan?)null, ""),
            };
            unit.After = service.After is null ? [] : [service.After];
            if (service.Requires is { } required)
            {
                _systemd[required].RequiredBy = [service.Name];
            }
        }

        public Task PassAsync(Task task) => _clock.PassAsync(task);

        public void Dispose() => _systemd.Dispose();
    }
}
