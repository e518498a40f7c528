// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests.Readme;

/// <summary>
/// README.md and the EXAMPLES of the manual say what happens: each command that they show after a prompt runs on a
/// fresh host, in order, and prints what is shown (<see cref="ShownOutput"/>). It fails where, and only where, a line
/// of an error is shown.
/// </summary>
[Collection(PackagedHost.Name)]
public sealed partial class ReadmeTests(NspawnFixture fixture)
{
    private static readonly string s_readme = Path.Combine(Workspace.Root, "README.md");
    private static readonly string s_manual = Path.Combine(Workspace.Root, "packaging/man/sysctr.1");

    /// <summary>Of the pages of verbs what is no copy of the help.</summary>
    private static readonly string[] s_prose =
    [
        .. Directory.GetFiles(Path.Combine(Workspace.Root, "packaging/man/prose")).Order(StringComparer.Ordinal),
    ];

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Every_command_does_what_is_shown()
    {
        TestUser user = await TestUser.AddAsync(_host);
        List<string> wrong = [];
        foreach (string file in (string[])[s_readme, s_manual, .. s_prose])
        {
            ShownCommand[] commands = [.. ShownText.Blocks(file).SelectMany(block => ShownText.Commands(file, block))];
            Assert.InRange(commands.Length, s_prose.Contains(file) ? 0 : 5, 100);
            foreach (ShownCommand command in commands)
            {
                string? failure = await command.TryAsync(
                    (program, arguments) =>
                        command.AsUser
                            ? user.RunAsync(["env", $"XDG_RUNTIME_DIR={user.RunDirectory}", program, .. arguments])
                            : _host.RunAsync(program, arguments)
                );
                if (failure is not null)
                {
                    wrong.Add(failure);
                }
            }

            if (commands.Length == 0)
            {
                continue;
            }

            await _host.ShellAsync(
                "for name in $(sysctr list --names); do sysctr --quiet uninstall --purge $name; done; sysctr --quiet images prune --all"
            );
            await user.ShellAsync(
                "for name in $(sysctr --user list --names); do sysctr --user --quiet uninstall --purge $name; done"
            );
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>Those that are run where the project is built, not on a host: make has each of them.</summary>
    [Fact]
    public async Task Every_other_block_is_a_picture_or_of_makes_targets()
    {
        foreach (
            IReadOnlyList<(int Number, string Text)> block in ShownText
                .Blocks(s_readme)
                .Where(b => ShownText.Commands(s_readme, b).Count == 0)
        )
        {
            if (block.Any(l => l.Text.Contains('─', StringComparison.Ordinal)))
            {
                continue;
            }

            foreach ((int number, string text) in block)
            {
                string[] words = text.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                Assert.True(
                    words is ["make", ..],
                    $"README.md:{number}: neither a picture nor a command with a prompt: {text}"
                );
                await Command.MustAsync(
                    "make",
                    ["--dry-run", "--no-print-directory", "-C", Workspace.Root, .. words[1..]]
                );
            }
        }
    }

    /// <summary>Commands in the text itself: the verb is there, and so is each of their options.</summary>
    [Fact]
    public async Task Every_command_that_is_named_has_its_options()
    {
        // 'launch' is for units and has no help.
        string[] named =
        [
            .. Named()
                .Matches(await File.ReadAllTextAsync(s_readme, TestContext.Current.CancellationToken))
                .Select(m => m.Groups["words"].Value)
                .Where(w => w != "launch")
                .Distinct(),
        ];
        Assert.InRange(named.Length, 5, 100);
        foreach (string command in named)
        {
            string[] words = [.. command.Split(' ').Select(w => w.Split('=')[0])];
            string[] verbs = [.. words.TakeWhile(w => Verb().IsMatch(w))];
            CommandResult help = await Command.RunAsync(
                Path.Combine(Workspace.Artifacts, "sysctr"),
                [.. verbs.Select(v => v.Split('|')[0]).Take(2), "--help"]
            );
            if (help.ExitCode != 0)
            {
                help = await Command.MustAsync(
                    Path.Combine(Workspace.Artifacts, "sysctr"),
                    [.. verbs.Take(1).Select(v => v.Split('|')[0]), "--help"]
                );
            }

            foreach (string option in words.Where(w => w.StartsWith("--", StringComparison.Ordinal)))
            {
                Assert.True(
                    help.Output.Contains(option, StringComparison.Ordinal),
                    $"README.md names 'sysctr {command}', which has no {option}:\n{help.Output}"
                );
            }
        }
    }

    [GeneratedRegex("`sysctr (?<words>[^`]+)`")]
    private static partial Regex Named();

    [GeneratedRegex("^[a-z][a-z|-]*$")]
    private static partial Regex Verb();
}
