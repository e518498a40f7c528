// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Cli;

/// <summary>The scripts in the shells that they are for: lines are typed, the tabulator pressed, and the lines looked
/// at. ROOT is the directory of a system.</summary>
[Trait("needs", "root")]
[Trait("needs", "programs")]
public sealed class ShellCompletionTests(StoredNames stored) : IClassFixture<StoredNames>
{
    private static readonly string s_scripts = Path.Combine(Workspace.Root, "packaging/completions");

    private static readonly (string Typed, string Completed)[] s_lines =
    [
        ("sysctr unins", "sysctr uninstall"),
        ("sysctr --root ROOT info fl", "sysctr --root ROOT info flanneld"),
        ("sysctr --root=ROOT rollback etcd 1", "sysctr --root=ROOT rollback etcd 12"),
        (
            "sysctr --root ROOT images info 127.0.0.1:5000/et",
            "sysctr --root ROOT images info 127.0.0.1:5000/etcd:latest"
        ),
        (
            "sysctr --root ROOT images info 127.0.0.1:5000/etcd:la",
            "sysctr --root ROOT images info 127.0.0.1:5000/etcd:latest"
        ),
        ("sysctr install --pull=ne", "sysctr install --pull=never"),
        ("sysctr pull oci:ROOT/ima", "sysctr pull oci:ROOT/images"),
        ("sysctr --root ROOT/ima", "sysctr --root ROOT/images"),
    ];

    [Fact]
    public Task Bash() => PressedAsync($". {s_scripts}/sysctr.bash", "bash", "--norc", "--noprofile", "-i");

    [Fact]
    public Task Zsh() =>
        PressedAsync(
            $"bindkey -e; fpath=({s_scripts} $fpath); autoload -U compinit; compinit -u -D",
            "zsh",
            "-f",
            "-i"
        );

    [Fact]
    public async Task Fish()
    {
        const string ask = "for line in $argv; echo \"= $line\"; complete -C $line; end";
        string output = (
            await RunAsync(
                null,
                [
                    "fish",
                    "--no-config",
                    "-c",
                    $"source {s_scripts}/sysctr.fish; {ask}",
                    .. s_lines.Select(l => Here(l.Typed)),
                ]
            )
        )
            .MustSucceed()
            .Output;

        Assert.All(
            s_lines,
            l =>
            {
                IEnumerable<string> candidates = output
                    .Split('\n')
                    .SkipWhile(o => o != $"= {Here(l.Typed)}")
                    .Skip(1)
                    .TakeWhile(o => !o.StartsWith("= ", StringComparison.Ordinal));
                Assert.Contains(
                    Here(l.Completed).Split(' ')[^1],
                    candidates.Select(c => c.Split('\t')[0].TrimEnd('/'))
                );
            }
        );
    }

    private async Task PressedAsync(string setUp, params string[] shell)
    {
        string input = string.Join('\n', s_lines.Select(l => Here(l.Typed)).Prepend(setUp));
        CommandResult result = await RunAsync(
            input,
            ["python3", Path.Combine(Workspace.Root, "tests/SystemContainers.Tests/Cli/press_tab.py"), .. shell]
        );

        // A shell takes the slash of a directory away again when something else follows.
        Assert.Equal(
            s_lines.Select(l => Here(l.Completed)),
            result.MustSucceed().Output.Trim().Split('\n').Select(l => l.TrimEnd('/', '\r'))
        );
    }

    /// <summary>With the sysctr that is beside the tests in front.</summary>
    private static Task<CommandResult> RunAsync(string? input, params string[] command) =>
        Command.RunAsync(
            ["env", $"PATH={AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}", .. command],
            input: input
        );

    private string Here(string line) => line.Replace("ROOT", stored.Root, StringComparison.Ordinal);
}
