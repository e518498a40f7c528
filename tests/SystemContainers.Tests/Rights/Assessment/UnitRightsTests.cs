// SPDX-License-Identifier: Apache-2.0

using Xunit;

namespace SystemContainers.Tests.Rights.Assessment;

/// <summary>What the container's own units do outside of it.</summary>
public sealed class UnitRightsTests
{
    private static readonly string s_start = Subjects.App.Values["EXEC_START"];

    [Fact]
    public void The_commands_of_the_container_are_none()
    {
        string service =
            $"ExecStart={s_start}\nExecStop=-{Subjects.App.Values["EXEC_STOP"]}\nExecStopPost={Subjects.App.Values["EXEC_STOPPOST"]}\nExecStartPre=\nType=notify\nWorkingDirectory={Subjects.Destination}";

        Assert.Empty(Subjects.WithService(service).Rights());
    }

    [Fact]
    public void Nor_is_a_call_of_the_runtime_that_is_replaced() =>
        Assert.Empty(
            Subjects
                .WithService(
                    "ExecStartPre=-/bin/runc delete 'app'\nExecStart=/bin/runc --systemd-cgroup run 'app'\nExecStop=/usr/bin/runc kill app"
                )
                .Rights()
        );

    [Theory]
    [InlineData("ExecStartPre=/bin/mkdir -p /x", "host-command ExecStartPre=/bin/mkdir -p /x")]
    [InlineData("ExecStopPost=-/bin/rm /x", "host-command ExecStopPost=-/bin/rm /x")]
    [InlineData("ExecCondition=/bin/x", "host-command ExecCondition=/bin/x")]
    [InlineData("ExecReload=/bin/x", "host-command ExecReload=/bin/x")]
    [InlineData("ExecStart=/usr/bin/python3 -m evil", "host-command ExecStart=/usr/bin/python3 -m evil")]
    [InlineData("ExecStartPre=+/bin/touch /x", "privileged-command ExecStartPre=+/bin/touch /x")]
    [InlineData("ExecStartPre=-@!!/bin/touch touch /x", "privileged-command ExecStartPre=-@!!/bin/touch touch /x")]
    [InlineData("ExecStartPre=/tmp/runc delete app", "host-command ExecStartPre=/tmp/runc delete app")]
    [InlineData("ExecStartPre=+/bin/runc delete app", "privileged-command ExecStartPre=+/bin/runc delete app")]
    [InlineData(
        "ExecStartPre=/var/lib/sysctr/deployments/app/1/rootfs/x 0123456789abcdef",
        "host-command ExecStartPre=$DESTDIR/rootfs/x $IMAGE_ID"
    )]
    public void Commands_outside_of_it(string line, string right) =>
        Assert.Equal([right], Subjects.WithService(line).Rights());

    [Theory]
    [InlineData(" ; /bin/evil")]
    [InlineData(" --then=/bin/evil")]
    public void A_command_that_only_begins_with_the_containers_is_another(string more) =>
        Assert.Equal(
            [
                $"host-command ExecStart={s_start.Replace(Subjects.Destination, "$DESTDIR", StringComparison.Ordinal)}{more}",
            ],
            Subjects.WithService("ExecStart=" + s_start + more).Rights()
        );

    [Fact]
    public void The_same_command_of_the_next_deployment_is_the_same_right()
    {
        string[] first = Subjects
            .WithService("ExecStartPre=/bin/sh /var/lib/sysctr/deployments/app/1/rootfs/x")
            .Rights();
        string[] tenth = (
            Subjects.WithService("ExecStartPre=/bin/sh /var/lib/sysctr/deployments/app/10/rootfs/x") with
            {
                Destination = "/var/lib/sysctr/deployments/app/10",
            }
        ).Rights();

        Assert.Equal(first, tenth);
    }

    [Theory]
    [InlineData("Conflicts=ssh.service", "Unit", "unit-relation Conflicts=ssh.service")]
    [InlineData("Requires=network.target other.service", "Unit", "unit-relation Requires=other.service")]
    [InlineData("OnFailure=reboot.target", "Unit", "unit-relation OnFailure=reboot.target")]
    [InlineData("Conflicts=multi-user.target", "Unit", "unit-relation Conflicts=multi-user.target")]
    [InlineData("RequiredBy=docker.service", "Install", "unit-relation RequiredBy=docker.service")]
    [InlineData("RequiredBy=multi-user.target", "Install", "unit-relation RequiredBy=multi-user.target")]
    [InlineData("WantedBy=ssh.service", "Install", "unit-relation WantedBy=ssh.service")]
    [InlineData("Alias=kv.service", "Install", "unit-alias kv.service")]
    [InlineData("FailureAction=reboot-force", "Unit", "unit-action FailureAction=reboot-force")]
    [InlineData("LoadCredential=x:/etc/shadow", "Service", "host-secret LoadCredential=x:/etc/shadow")]
    [InlineData("OpenFile=/etc/shadow", "Service", "host-secret OpenFile=/etc/shadow")]
    [InlineData("RuntimeDirectory=app docker", "Service", "unit-directory RuntimeDirectory=docker")]
    [InlineData("ConfigurationDirectory=cron.d", "Service", "cron ConfigurationDirectory=cron.d")]
    [InlineData("StandardOutput=append:/etc/cron.d/x", "Service", "cron /etc/cron.d/x")]
    [InlineData("StandardError=file:/root/.ssh/authorized_keys", "Service", "ssh /root/.ssh/authorized_keys")]
    [InlineData("Symlinks=/etc/ld.so.preload", "Socket", "loader /etc/ld.so.preload")]
    [InlineData("Environment=A=b \"LD_PRELOAD=/x\"", "Service", "unit-environment Environment=LD_PRELOAD")]
    [InlineData("Environment=BASH_ENV=/x", "Service", "unit-environment Environment=BASH_ENV")]
    [InlineData("PassEnvironment=HOME LD_LIBRARY_PATH", "Service", "unit-environment PassEnvironment=LD_LIBRARY_PATH")]
    [InlineData("Environment=SYSCTR_FAULT=trace:/etc/cron.d/x", "Service", "unit-environment Environment=SYSCTR_FAULT")]
    [InlineData("BindPaths=/x:/usr/bin/runc", "Service", "unit-environment BindPaths=/x:/usr/bin/runc")]
    [InlineData("ExecSearchPath=/x", "Service", "unit-environment ExecSearchPath=/x")]
    [InlineData("EnvironmentFile=-/var/lib/app/env", "Service", "environment-file /var/lib/app/env")]
    [InlineData("Service=ssh.service", "Socket", "unit-relation Service=ssh.service")]
    public void Settings_that_reach_further(string line, string section, string right) =>
        Assert.Equal([right], Subjects.WithService(line, section).Rights());

    [Theory]
    [InlineData(
        "Requires=network.target\nWants=network-online.target\nAfter=docker.service\nBefore=docker.service",
        "Unit"
    )]
    [InlineData("WantedBy=multi-user.target", "Install")]
    [InlineData("WantedBy=default.target", "Install")]
    [InlineData(
        "RuntimeDirectory=app\nStateDirectory=app/data\nEnvironment=ETCD_NAME=x\nEnvironmentFile=-/etc/app.env\nStandardOutput=journal",
        "Service"
    )]
    public void Settings_of_every_service(string lines, string section) =>
        Assert.Empty(Subjects.WithService(lines, section).Rights());

    [Fact]
    public void A_socket_of_the_container_is_its_own() =>
        Assert.Empty(
            (
                Subjects.App with
                {
                    Units =
                    [
                        ("app.service", "[Unit]\nRequires=app.socket\n"),
                        ("app.socket", "[Socket]\nListenStream=/run/app.sock\n[Install]\nWantedBy=sockets.target\n"),
                    ],
                }
            ).Rights()
        );

    [Fact]
    public void A_file_of_variables_that_the_image_brings_is_read() =>
        Assert.Contains(
            "unit-environment EnvironmentFile=/etc/app/env: LD_PRELOAD",
            (
                Subjects.WithService("EnvironmentFile=-/etc/app/env") with
                {
                    HostFiles = [Subjects.File("/etc/app/env", "A=b\nLD_PRELOAD=/x\n")],
                }
            ).Rights()
        );
}
