// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli;
using SystemContainers.Cli.Commands;
using SystemContainers.Cli.Commands.From;
using SystemContainers.Cli.Commands.Units;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Usage;
using SystemContainers.Errors;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Cli;

/// <summary>What words on a command line come to.</summary>
public sealed class CommandLineTests
{
    /// <summary>Every verb with its words, such as <c>images list</c>.</summary>
    public static TheoryData<string> Verbs => [.. Leaves(CommandTree.Create(), "")];

    [Theory]
    [InlineData("rm etcd", "'sysctr' has no verb 'rm'", "did you mean 'uninstall'?")]
    [InlineData("ps", "'sysctr' has no verb 'ps'", "did you mean 'list'?")]
    [InlineData("rmi etcd", "'sysctr' has no verb 'rmi'", "did you mean 'images delete'?")]
    [InlineData("describe etcd", "'sysctr' has no verb 'describe'", "did you mean 'info'?")]
    [InlineData("show etcd", "'sysctr' has no verb 'show'", "did you mean 'info'?")]
    [InlineData("provenance etcd", "'sysctr' has no verb 'provenance'", "did you mean 'sbom'?")]
    [InlineData("upgrade", "'sysctr' has no verb 'upgrade'", "did you mean 'update'?")]
    [InlineData("login quay.io x", "'sysctr login' has no use for 'x'", "'sysctr login --help'")]
    [InlineData("enable etcd", "'sysctr' has no verb 'enable'", "systemctl")]
    [InlineData("compose up", "'sysctr' has no verb 'compose'", "did you mean 'from compose'?")]
    [InlineData("from", "'sysctr from' needs a verb: docker-run, compose, podman", "'sysctr from --help'")]
    [InlineData("images ls", "'sysctr images' has no verb 'ls'", "did you mean 'list'?")]
    [InlineData("images rm x", "'sysctr images' has no verb 'rm'", "did you mean 'delete'?")]
    [InlineData("instal x", "'sysctr' has no verb 'instal'", "did you mean 'install'?")]
    [InlineData("images lst", "'sysctr images' has no verb 'lst'", "did you mean 'list'?")]
    [InlineData("list --jsn", "'sysctr list' has no option '--jsn'", "did you mean '--json'?")]
    [InlineData("list -x", "'sysctr list' has no option '-x'", "'sysctr list --help'")]
    [InlineData("install -x etcd", "'sysctr install' has no option '-x'", "'sysctr install --help'")]
    [InlineData("install etcd --dry-run", "'sysctr install' has no option '--dry-run'", "sysctr plan")]
    [InlineData(
        "prune --dry-run",
        "'sysctr prune' has no option '--dry-run'",
        "install, update, rollback or uninstall"
    )]
    [InlineData("run --privileged etcd", "'sysctr run' has no option '--privileged'", "take '--privileged'")]
    [InlineData("run --device /dev/kvm etcd", "'sysctr run' has no option '--device'", "take '--device'")]
    [InlineData("install --gpus all etcd", "'sysctr install' has no option '--gpus'", "--device nvidia.com/gpu=all")]
    [InlineData("install --checkout tar etcd", "--checkout tar", "auto, composefs, hardlinks")]
    [InlineData("run -p 80:80 etcd", "'sysctr run' has no option '-p'", "the host's network")]
    [InlineData("run -e A=b etcd", "'sysctr run' has no option '-e'", "'sysctr run --help'")]
    [InlineData("info -x etcd", "'sysctr info' has no option '-x'", "'sysctr info --help'")]
    [InlineData("rollback etcd -1", "'sysctr rollback' has no option '-1'", "'sysctr rollback --help'")]
    [InlineData("exec --wrong etcd sh", "'sysctr exec' has no option '--wrong'", "'sysctr exec --help'")]
    [InlineData("exec -x etcd sh -c true", "'sysctr exec' has no option '-x'", "'sysctr exec --help'")]
    [InlineData("exec etcd", "'sysctr exec': COMMAND is missing", "write sysctr exec NAME COMMAND...")]
    [InlineData("install", "'sysctr install': IMAGE is missing", "write sysctr install IMAGE...")]
    [InlineData("rollback", "'sysctr rollback': NAME is missing", "write sysctr rollback NAME [N]")]
    [InlineData("install etcd --name", "'sysctr install': --name needs NAME", "'sysctr install --help'")]
    [InlineData("update --rebase", "'sysctr update': --rebase needs IMAGE", "'sysctr update --help'")]
    [InlineData("--json list", "'--json' stands before the verb", "write sysctr list --json")]
    [InlineData("info etcd other", "'sysctr info' has no use for 'other'", "'sysctr info --help'")]
    [InlineData("images", "'sysctr images' needs a verb: list", "'sysctr images --help'")]
    [InlineData("prune --keep few", "--keep few", "no number")]
    [InlineData("rollback etcd few", "N few", "no number")]
    public void What_is_wrong_is_named_and_what_was_meant(string words, string complaint, string next)
    {
        (IReadOnlyList<string> complaints, string hint) = Assert.NotNull(UsageError.Describe(Parse(words)));

        Assert.StartsWith(complaint, Assert.Single(complaints), StringComparison.Ordinal);
        Assert.Contains(next, complaints[0] + hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("install --now etcd -- serve --name x", "etcd", "serve --name x", "", false)]
    [InlineData("install -e A=b --user=web etcd:3 -- -x", "etcd:3", "-x", "web", false)]
    [InlineData("install --user -u 1:2 etcd", "etcd", "", "1:2", true)]
    [InlineData("--root / install --name x etcd -- a", "etcd", "a", "", false)]
    [InlineData("plan install -v /a:/b etcd -- serve", "etcd", "serve", "", false)]
    [InlineData("install -- etcd", "etcd", "", "", false)]
    [InlineData("install --name x -- etcd", "etcd", "", "", false)]
    public void Words_behind_two_dashes_are_the_payloads_and_user_with_a_name_is_the_payloads_user(
        string words,
        string image,
        string command,
        string user,
        bool mode
    )
    {
        ParseResult parsed = Parse(words);

        Assert.Null(UsageError.Describe(parsed));
        Assert.Equal([image], parsed.GetValue<string[]>("IMAGE")!);
        ContainerSettings settings = SettingsOptions.Parse(parsed);
        Assert.Equal(command, string.Join(' ', settings.All(ContainerSettings.Command)));
        Assert.Equal(user, settings.One("user") ?? "");
        Assert.Equal(mode, parsed.GetValue(GlobalOptions.User));
    }

    [Fact]
    public void Options_of_a_container_are_taken_in_every_way_that_podman_takes_them()
    {
        ContainerSettings settings = SettingsOptions.Parse(
            Parse("install -e A=1 --env B=2 --env=A=3 -v /a:/b:ro --volume=x:/c --memory 1g -m 2g --entrypoint= etcd")
        );

        Assert.Equal(["A=3", "B=2"], settings.All("env"));
        Assert.Equal(["/a:/b:ro", "x:/c"], settings.All("volume"));
        Assert.Equal("2g", settings.One("memory"));
        Assert.Equal("", settings.One("entrypoint"));
        Assert.Equal(["memory"], SettingsOptions.ParseReset(Parse("update --reset --memory etcd")));
        Assert.Throws<SysctrException>(() => SettingsOptions.ParseReset(Parse("update --reset nonsense etcd")));
    }

    [Theory]
    [InlineData("install --set EXEC_START=x etcd", "EXEC_START: its value is always given by sysctr")]
    [InlineData("install --set VALUE etcd", "--set VALUE: not of the form VAR=VALUE")]
    [InlineData("install --stop-signal SIGNOPE etcd", "signal(7) has no such signal")]
    [InlineData("plan install --stop-signal 65 etcd", "signal(7) has no such signal")]
    public void What_no_image_can_have_is_refused_before_one_is_fetched(string words, string complaint)
    {
        ParseResult parsed = Parse(words);

        SysctrException e = Assert.Throws<SysctrException>(() => InstallCommand.Requests(parsed));

        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains(complaint, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exec -it etcd sh -c ls -x --json -q")]
    [InlineData("exec -itu root etcd sh -c ls -x --json -q")]
    [InlineData("exec -u root -e A=b -w / etcd sh -c ls -x --json -q")]
    [InlineData("exec --user root --tty --interactive etcd sh -c ls -x --json -q")]
    [InlineData("exec --user=root etcd.service sh -c ls -x --json -q")]
    [InlineData("--root / --quiet exec etcd sh -c ls -x --json -q")]
    [InlineData("--lock-timeout=3 exec -q etcd -- sh -c ls -x --json -q")]
    public void Exec_takes_options_as_podman_does_and_leaves_the_commands_alone(string words)
    {
        ParseResult parsed = Parse(words);

        Assert.Null(UsageError.Describe(parsed));
        Assert.Equal("etcd", parsed.GetValue<string>("NAME"));
        Assert.Equal(["sh", "-c", "ls", "-x", "--json", "-q"], parsed.GetValue<string[]>("COMMAND")!);
    }

    /// <summary>What is of an image says nothing of a container that is started; it is refused where there is one of
    /// the name.</summary>
    [Theory]
    [InlineData("run etcd", "")]
    [InlineData("--quiet run etcd", "")]
    [InlineData("run --set A=b --pull always etcd", "--set --pull")]
    [InlineData("run --name x --grant cron --runtime crun etcd", "--name --grant --runtime")]
    [InlineData("run --install --name x etcd", "")]
    public void Options_of_an_image_that_runs_once_are_known(string words, string options) =>
        Assert.Equal(options, string.Join(' ', RunCommand.OfImage(Parse(words))));

    [Theory]
    [InlineData("from docker-run docker run -d --name x --json -q img --output y")]
    [InlineData("from docker-run --json --output d docker run -d --name x --json -q img --output y")]
    [InlineData("--user from docker-run -o d -- docker run -d --name x --json -q img --output y")]
    [InlineData("from docker-run --name=n --force docker run -d --name x --json -q img --output y")]
    public void A_command_that_is_translated_keeps_its_options(string words)
    {
        ParseResult parsed = Parse(words);

        Assert.Null(UsageError.Describe(parsed));
        Assert.Equal(
            "docker run -d --name x --json -q img --output y",
            string.Join(' ', parsed.GetValue<string[]>("COMMAND")!)
        );
        Assert.Equal(
            words.Contains("d -- docker", StringComparison.Ordinal)
            || words.Contains("d docker", StringComparison.Ordinal)
                ? "d"
                : null,
            parsed.GetValue<string>("--output")
        );
    }

    [Fact]
    public void Behind_a_command_that_is_quoted_options_are_ours()
    {
        ParseResult parsed = CommandTree.Parse(
            FromCommand.Protect(["from", "docker-run", "docker run -d img", "--output", "d"])
        );

        Assert.Null(UsageError.Describe(parsed));
        Assert.Equal((1, "d"), (parsed.GetValue<string[]>("COMMAND")!.Length, parsed.GetValue<string>("--output")));
    }

    [Fact]
    public void User_before_exec_is_whose_container_and_behind_it_who_runs_the_command()
    {
        Assert.True(Parse("--user exec etcd id").GetValue(GlobalOptions.User));
        ParseResult behind = Parse("exec --user root etcd id");
        Assert.False(behind.GetValue(GlobalOptions.User));
        Assert.Equal("root", behind.GetValue<string>("--user"));
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void A_units_name_is_its_containers(string verb)
    {
        Command command = Parse(verb).CommandResult.Command;
        if (verb == "images tag" || !command.Arguments.Any(a => a.Name.Split('|').Contains("NAME")))
        {
            return;
        }

        ParseResult parsed = Parse($"{verb} etcd.service");
        command = parsed.CommandResult.Command;
        string?[] names = command
            .Arguments.Where(a => a.Name.Split('|').Contains("NAME"))
            .Select(a =>
                a switch
                {
                    Argument<string[]> several => parsed.GetValue(several)!.Single(),
                    Argument<string> one => parsed.GetValue(one),
                    _ => null,
                }
            )
            .ToArray();

        Assert.Equal(["etcd"], names);
    }

    [Theory]
    [InlineData("help", "--help")]
    [InlineData("help install", "install --help")]
    [InlineData("--quiet help images list", "--quiet images list --help")]
    [InlineData("list help", "list help")]
    public void Help_of_a_verb(string words, string same) =>
        Assert.Equal(same.Split(' '), HelpVerb.Rewrite(words.Split(' ')));

    [Theory]
    [MemberData(nameof(Verbs))]
    public void No_help_ends_in_an_error(string verb) => Assert.Null(UsageError.Describe(Parse($"help {verb}")));

    [Fact]
    public void A_tree_of_one_verb_has_what_the_whole_tree_has_of_it()
    {
        foreach (Command verb in CommandTree.Create().Subcommands)
        {
            Command only = Assert.Single(CommandTree.Create(verb.Name).Subcommands);
            Assert.Equal((verb.Name, verb.Description), (only.Name, only.Description));
        }

        Assert.Empty(CommandTree.Create("").Subcommands);
    }

    internal static ParseResult Parse(string words) =>
        CommandTree.Parse(
            HelpVerb.Rewrite(
                SettingsWords.Rewrite(
                    FromCommand.Protect(ExecCommand.Protect(words.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
                )
            )
        );

    private static IEnumerable<string> Leaves(Command command, string words) =>
        command.Subcommands.Count == 0
            ? [words.Trim()]
            : command.Subcommands.Where(c => !c.Hidden).SelectMany(c => Leaves(c, $"{words} {c.Name}"));
}
