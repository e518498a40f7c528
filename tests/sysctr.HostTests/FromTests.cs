// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>From what docker people have to containers that run: <c>from</c>, then <c>apply</c>.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class FromTests(NspawnFixture fixture)
{
    private const string Place = "/srv/from";

    /// <summary>Answers with a variable of its environment, and with what NAME/PORT of its arguments answers.</summary>
    private const string Serve = """
        import os, signal, socket, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        server = socket.create_server(('', 80))
        while True:
            caller, _ = server.accept()
            answer = os.environ['WORD']
            for place in sys.argv[1:]:
                with socket.create_connection(place.split('/'), 3) as other:
                    answer += ' ' + other.recv(100).decode()
            caller.sendall(answer.encode())
            caller.close()
        """;

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_docker_run_command_is_a_service_that_answers()
    {
        HostState before = await HostState.TakeAsync(_host);
        await PrepareAsync();

        CommandResult made = await _host.RunAsync(
            "sh",
            "-c",
            $"cd {Place} && sysctr from docker-run --output files 'docker run -d --name fromrun --restart unless-stopped -p 127.0.0.1:8091:80 -v ./serve.py:/serve.py:ro -v fromdata:/data --tmpfs /scratch "
                + "-e \"WORD=50% of \\$5\" --oom-score-adj 123 -w /data --label a=b --entrypoint /usr/bin/python3 --link other 127.0.0.1:5000/probe /serve.py'"
        );

        Assert.Equal(
            (9, true),
            (made.ExitCode, made.Error.Contains("--link other: no counterpart", StringComparison.Ordinal))
        );
        (await _host.RunAsync("sysctr", "lint", $"{Place}/files/fromrun.container")).MustSucceed();
        (await _host.SysctrAsync("apply", "--settle", "1", $"{Place}/files")).MustSucceed();
        await AnswersAsync(8091, "50% of $5");
        Assert.Equal(
            ("always", "enabled"),
            (
                await _host.UnitPropertyAsync("fromrun.service", "Restart"),
                await _host.UnitPropertyAsync("fromrun.service", "UnitFileState")
            )
        );
        Assert.Equal(
            "/data there 123",
            (
                await _host.SysctrAsync(
                    "exec",
                    "fromrun",
                    "sh",
                    "-c",
                    "echo $(pwd) $(touch /data/x /scratch/x && echo there) $(cat /proc/1/oom_score_adj)"
                )
            )
                .MustSucceed()
                .Output.Trim()
        );

        Assert.Equal(
            10,
            (
                await _host.RunAsync(
                    "sysctr",
                    "from",
                    "docker-run",
                    "--output",
                    $"{Place}/files",
                    "docker",
                    "run",
                    "-d",
                    "--name",
                    "fromrun",
                    "other"
                )
            ).ExitCode
        );
        await RemoveAsync(before, "fromrun");
    }

    [Fact]
    public async Task Services_of_a_compose_file_find_each_other()
    {
        HostState before = await HostState.TakeAsync(_host);
        await PrepareAsync();
        await _host.ShellAsync(
            $"mkdir {Place}/fromshop; cat >{Place}/fromshop/compose.yaml <<'END'\n"
                + """
                x-serve: &serve
                  image: ${IMAGE:-127.0.0.1:5000/probe}
                  entrypoint: [/usr/bin/python3, /serve.py]
                  volumes: [../serve.py:/serve.py:ro]
                  restart: unless-stopped
                services:
                  web:
                    <<: *serve
                    command: store/80
                    ports: ["127.0.0.1:8092:80"]
                    environment: {WORD: "${GREETING}"}
                    depends_on: {store: {condition: service_healthy}}
                  store:
                    <<: *serve
                    env_file: store.env
                    healthcheck: {test: [CMD, python3, -c, "import socket; socket.create_connection(('127.0.0.1', 80)).recv(9)"], interval: 2s}
                """
                + $"\nEND\necho 'WORD=stored' >{Place}/fromshop/store.env; echo \"GREETING='hello, \\$you'\" >{Place}/fromshop/.env"
        );

        (
            await _host.RunAsync("sysctr", "from", "compose", $"{Place}/fromshop", "--output", $"{Place}/files")
        ).MustSucceed();
        (await _host.SysctrAsync("apply", "--settle", "1", $"{Place}/files")).MustSucceed();
        await AnswersAsync(8092, "hello, $you stored");
        Assert.True(
            await _host.UnitNumberAsync("fromshop-web.service", "ActiveEnterTimestampMonotonic")
                > await _host.UnitNumberAsync("fromshop-store.service", "ActiveEnterTimestampMonotonic")
        );
        Assert.Contains(
            "fromshop_default",
            (await _host.SysctrAsync("network", "list")).MustSucceed().Output,
            StringComparison.Ordinal
        );

        Assert.Contains(
            "nothing was changed",
            (await _host.SysctrAsync("apply", "--settle", "1", $"{Place}/files")).MustSucceed().Error,
            StringComparison.Ordinal
        );
        await RemoveAsync(before, "fromshop-web", "fromshop-store");
    }

    private async Task PrepareAsync() =>
        await _host.ShellAsync($"mkdir -p {Place}; cat >{Place}/serve.py <<'E'\n{Serve}\nE\n");

    /// <summary>A payload that has started may not listen yet.</summary>
    private Task<CommandResult> AnswersAsync(int port, string answer) =>
        _host.EventuallyAsync(
            $"test \"$(python3 -c \"import socket; print(socket.create_connection(('127.0.0.1', {port}), 5).recv(100).decode())\")\" = '{answer}'",
            TimeSpan.FromMinutes(3)
        );

    private async Task RemoveAsync(HostState before, params string[] names)
    {
        (await _host.SysctrAsync(["uninstall", "--purge", .. names])).MustSucceed();
        await _host.RunAsync("sysctr", "network", "remove", "fromshop_default");
        await _host.ShellAsync($"rm -rf {Place} /var/lib/sysctr-volumes");
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }
}
