// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>From an empty store to the first answer of the web server in the image, whose root is writable with
/// both.</summary>
sealed class FirstAnswerRow()
    : PullRow(
        "first-answer",
        "nothing to first answer: sysctr install --now of podman pull, quadlet, daemon-reload, start",
        0.30
    )
{
    private const string Answer = "until curl -sf -o /dev/null http://127.0.0.1/; do sleep 0.01; done";

    /// <inheritdoc/>
    protected override IReadOnlyList<Contestant> Contestants(BenchRun run) =>
        [
            new(
                "sysctr install --now",
                Steps.ClearSysctr,
                $"sysctr install --quiet --now --writable volatile{run.InstallOptions} {Steps.Reference("nginx", "1")}; {Answer}",
                Steps.ClearSysctr
            ),
            new(
                "podman pull, quadlet, start",
                """
                rm -f /etc/containers/systemd/answer.container; systemctl daemon-reload
                podman system reset --force >/dev/null 2>&1; mkdir -p /etc/containers/systemd
                """,
                $"""
                podman pull --quiet {Steps.Reference("nginx", "1")}
                printf '[Container]\nImage={TestHost.Registry}/nginx:1\nPull=never\nNetwork=host\nPodmanArgs=--ulimit=host --pids-limit=0\n' > /etc/containers/systemd/answer.container
                systemctl daemon-reload
                systemctl start answer
                {Answer}
                """,
                "systemctl stop answer; rm -f /etc/containers/systemd/answer.container; systemctl daemon-reload"
            ),
        ];
}
