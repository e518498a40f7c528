// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Devices by their names in a specification of CDI, which a start reads.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class DescribedDeviceTests(NspawnFixture fixture)
{
    /// <summary>A hook that has ended before crun has written it the state, is one that has failed: so it reads
    /// that.</summary>
    private const string Specification = """
        cdiVersion: 0.5.0
        kind: sysctr.example/box
        containerEdits:
          env: [BOX_SHARED=yes]
        devices:
          - name: one
            containerEdits:
              env: [BOX=one]
              deviceNodes:
                - {hostPath: /dev/sysctr-described, path: /dev/box, permissions: r}
              mounts:
                - {hostPath: /etc/hostname, containerPath: /opt/driver/name, options: [ro, nosuid, bind]}
              hooks:
                - {hookName: createRuntime, path: /bin/sh, args: [sh, -c, 'cat > /dev/null; touch /run/sysctr-described-hook']}
        """;

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_device_is_what_its_specification_says_at_the_start(string runtime)
    {
        await _host.ShellAsync(
            "test -e /dev/sysctr-described || mknod /dev/sysctr-described c 1 5; rm -rf /run/cdi /run/sysctr-described-hook"
        );
        HostState before = await HostState.TakeAsync(_host);
        string name = Container.NewName();
        CommandResult installed = (
            await _host.SysctrAsync(
                "install",
                "--name",
                name,
                "--runtime",
                runtime,
                "--device",
                "sysctr.example/box=one",
                "--entrypoint",
                "[\"/bin/sh\", \"-c\"]",
                "probe",
                "--",
                "trap 'exit 0' TERM; while :; do sleep 0.1; done"
            )
        ).MustSucceed();
        Assert.Contains("is of the kind sysctr.example/box", installed.Error, StringComparison.Ordinal);
        CommandResult without = await _host.SysctrAsync("start", name);
        Assert.NotEqual(0, without.ExitCode);
        Assert.Contains("looking for the device sysctr.example/box=one", without.Error, StringComparison.Ordinal);

        await _host.MustAsync("systemctl", "stop", name);
        await _host.ShellAsync($"mkdir -p /run/cdi; cat > /run/cdi/box.yaml <<'EOF'\n{Specification}\nEOF");
        (await _host.SysctrAsync("start", name)).MustSucceed();

        Assert.Equal(
            $"one yes 4 {(await _host.ShellAsync("cat /etc/hostname")).Trim()} only\n",
            (
                await _host.SysctrAsync(
                    "exec",
                    name,
                    "sh",
                    "-c",
                    "touch /opt/x 2>/dev/null || only=only; echo $BOX $BOX_SHARED $(head -c 4 /dev/box | wc -c) $(cat /opt/driver/name) $only"
                )
            )
                .MustSucceed()
                .Output
        );
        Assert.Equal(
            "/run/sysctr-described-hook\n",
            await _host.ShellAsync(
                $"ls /run/sysctr-described-hook; find /var/lib/sysctr/deployments/{name} -path '*/opt/driver*'"
            )
        );
        Assert.Contains(
            "sysctr.example/box=one",
            (await _host.SysctrAsync("info", name)).MustSucceed().Output,
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        await _host.ShellAsync("rm -r /run/cdi /run/sysctr-described-hook");
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }
}
