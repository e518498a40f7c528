// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull;
using Xunit;

namespace SystemContainers.Tests.Logins;

/// <summary>The verbs themselves, at the real registry with passwords, and beside podman and skopeo.</summary>
[Trait("needs", "root")]
[Trait("needs", "programs")]
public sealed class RealLoginTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-logins-").FullName;

    private string AuthFile => Path.Combine(_directory, "auth.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_one_tool_writes_the_others_read_and_remove()
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync(login: ("me", "s3cret"));
        string[] login = ["sysctr", "login", "--authfile", AuthFile, "--tls-verify=false", "-u", "me"];

        CommandResult wrong = await RunAsync(null, [.. login, "-p", "wrong", registry.Host]);
        Assert.Equal(5, wrong.ExitCode);
        Assert.Contains("credentials of 'me' from this login are not accepted", wrong.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(AuthFile));

        CommandResult good = await RunAsync("s3cret\n", [.. login, "--password-stdin", registry.Host]);
        Assert.True(good.ExitCode == 0, good.Error);
        Assert.Contains($"{registry.Host}: logged in as me, kept in {AuthFile}", good.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", good.Output + good.Error, StringComparison.Ordinal);

        foreach (string tool in new[] { "podman", "skopeo", "sysctr" })
        {
            Assert.Equal(
                "me",
                (await RunAsync(null, tool, "login", "--authfile", AuthFile, "--get-login", registry.Host))
                    .MustSucceed()
                    .Output.Trim()
            );
        }

        Assert.Contains(
            "logged in already",
            (await RunAsync(null, [.. login[..^2], registry.Host])).MustSucceed().Error,
            StringComparison.Ordinal
        );
        foreach (
            (string by, string remover) in new[]
            {
                ("sysctr", "skopeo"),
                ("skopeo", "sysctr"),
                ("podman", "sysctr"),
                ("sysctr", "podman"),
            }
        )
        {
            (await RunAsync(null, remover, "logout", "--authfile", AuthFile, registry.Host)).MustSucceed();
            Assert.NotEqual(
                0,
                (await RunAsync(null, "skopeo", "login", "--authfile", AuthFile, "--get-login", registry.Host)).ExitCode
            );
            (
                await RunAsync(
                    null,
                    by,
                    "login",
                    "--authfile",
                    AuthFile,
                    "--tls-verify=false",
                    "-u",
                    "me",
                    "-p",
                    "s3cret",
                    registry.Host
                )
            ).MustSucceed();
            Assert.Equal(
                "me",
                (await RunAsync(null, "sysctr", "login", "--authfile", AuthFile, "--get-login", registry.Host))
                    .MustSucceed()
                    .Output.Trim()
            );
        }

        (await RunAsync(null, "sysctr", "logout", "--authfile", AuthFile, "--all")).MustSucceed();
        Assert.Equal(
            3,
            (await RunAsync(null, "sysctr", "login", "--authfile", AuthFile, "--get-login", registry.Host)).ExitCode
        );
        Assert.Equal(3, (await RunAsync(null, "sysctr", "logout", "--authfile", AuthFile, registry.Host)).ExitCode);
    }

    [Theory]
    [InlineData("--password-stdin needs --username", "--password-stdin", "quay.io")]
    [InlineData("--password-stdin does not go with --password", "-u", "me", "-p", "x", "--password-stdin", "quay.io")]
    [InlineData("standard input is no terminal", "-u", "me", "quay.io")]
    [InlineData("it is no host", "-u", "me", "-p", "x", "quay")]
    public async Task What_can_not_be_asked_is_said(string complaint, params string[] words)
    {
        CommandResult result = await RunAsync("x", ["sysctr", "login", "--authfile", AuthFile, .. words]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(complaint, result.Error, StringComparison.Ordinal);
    }

    /// <summary>Logins are the caller's own: no root, no store, and no --user needed.</summary>
    [Fact]
    public async Task Whoever_calls_logs_in_for_themselves()
    {
        using FakeRegistry open = new() { Misbehave = static _ => new FakeResponse() };
        string home = Path.Combine(_directory, "home");
        await Command.MustAsync(
            "sh",
            "-c",
            $"chmod 755 {_directory}; mkdir {home}; chown 65534:65534 {home}; cp -r {AppContext.BaseDirectory} {_directory}/bin; chmod -R a+rX {_directory}/bin"
        );
        string[] nobody =
        [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "env",
            "-i",
            $"HOME={home}",
            "PATH=/usr/bin:/bin",
            $"{_directory}/bin/sysctr",
        ];

        (
            await RunAsync(null, [.. nobody, "login", "-u", "me", "-p", "p", "--tls-verify=false", open.Host])
        ).MustSucceed();

        Assert.Equal(
            "65534 600",
            (await Command.MustAsync("stat", "-c", "%u %a", $"{home}/.config/containers/auth.json")).Output.Trim()
        );
        Assert.Equal(
            "me",
            (await RunAsync(null, [.. nobody, "login", "--get-login", open.Host])).MustSucceed().Output.Trim()
        );
        (await RunAsync(null, [.. nobody, "logout", open.Host])).MustSucceed();
    }

    /// <summary>Ended at any of its steps, or without room for one, it leaves the file as it was or as it is to
    /// be.</summary>
    [Theory]
    [InlineData("kill")]
    [InlineData("enospc")]
    public async Task A_login_that_is_cut_is_whole_or_not_at_all(string cut)
    {
        using FakeRegistry open = new() { Misbehave = static _ => new FakeResponse() };
        const string before = "{\"auths\":{\"other.example\":{\"auth\":\"eDp5\"}}}";
        string directory = Path.Combine(_directory, "new");
        string file = Path.Combine(directory, "auth.json");
        int steps = 0;
        for (int exit = -1; exit != 0; steps++)
        {
            Directory.CreateDirectory(directory);
            await File.WriteAllTextAsync(file, before, TestContext.Current.CancellationToken);
            string[] words =
            [
                "env",
                $"SYSCTR_FAULT={cut}:{steps + 1}",
                "sysctr",
                "login",
                "--authfile",
                file,
                "--tls-verify=false",
                "-u",
                "me",
                "-p",
                "p",
                open.Host,
            ];
            exit = (await RunAsync(null, words)).ExitCode;
            string after = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            Assert.True(after == before || after.Contains(open.Host, StringComparison.Ordinal), after);
            Assert.True(exit != 0 || after != before, "it says that it is done");

            // What a killed one leaves beside the file, the next one removes.
            (await RunAsync(null, [.. words[2..]])).MustSucceed();
            Assert.Equal([file], Directory.GetFiles(directory));
            Assert.Contains(
                "other.example",
                await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
                StringComparison.Ordinal
            );
            Directory.Delete(directory, recursive: true);
        }

        Assert.InRange(steps, 4, 20);
    }

    /// <summary>On a terminal: asked for, and the password never shown.</summary>
    [Fact]
    public async Task A_terminal_is_asked_and_shows_no_password()
    {
        await using DockerRegistry registry = await DockerRegistry.StartAsync(login: ("me", "s3cret"));
        const string typist = """
            import os, pty, sys
            child, terminal = pty.fork()
            if child == 0:
                os.execvp(sys.argv[1], sys.argv[1:])
            seen = b""
            for prompt, answer in ((b"User name at ", b"me\n"), (b"Password of me: ", b"s3cret\n")):
                while not (prompt in seen and seen.endswith(b": ")):
                    seen += os.read(terminal, 4096)
                os.write(terminal, answer)
            try:
                while more := os.read(terminal, 4096):
                    seen += more
            except OSError:
                pass
            print(seen.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """;

        CommandResult result = await RunAsync(
            null,
            "python3",
            "-c",
            typist,
            "sysctr",
            "login",
            "--authfile",
            AuthFile,
            "--tls-verify=false",
            registry.Host
        );

        Assert.Contains("logged in as me", result.MustSucceed().Output, StringComparison.Ordinal);
        Assert.EndsWith(" 0", result.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", result.Output, StringComparison.Ordinal);
    }

    /// <summary>With the sysctr that is beside the tests in front.</summary>
    private static Task<CommandResult> RunAsync(string? input, params string[] command) =>
        Command.RunAsync(
            ["env", $"PATH={AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}", .. command],
            input: input
        );
}
