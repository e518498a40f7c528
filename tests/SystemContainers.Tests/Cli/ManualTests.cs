// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Text.RegularExpressions;
using SystemContainers.Cli;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Usage;
using SystemContainers.Lint;
using SystemContainers.ManPages;
using SystemContainers.Quadlet;
using SystemContainers.TestBed;
using Xunit;
using Command = SystemContainers.TestBed.Command;

namespace SystemContainers.Tests.Cli;

/// <summary>The manual as it is installed: a page a verb, made from the command tree and prose.</summary>
public sealed partial class ManualTests
{
    private static readonly string s_source = Path.Combine(Workspace.Root, "packaging/man");
    private static readonly IReadOnlyList<(string Name, string Text)> s_pages = Manual.Pages(s_source);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Every verb, with its words.</summary>
    public static TheoryData<string> Verbs => CommandLineTests.Verbs;

    [Theory]
    [MemberData(nameof(Verbs))]
    public void A_verb_has_a_page_with_each_of_its_options(string verb)
    {
        string[] words = verb.Split(' ');
        string page = Plain(s_pages.Single(p => p.Name == $"sysctr-{words[0]}.1").Text);
        string twin = words is ["plan", _] ? Plain(s_pages.Single(p => p.Name == $"sysctr-{words[1]}.1").Text) : "";
        System.CommandLine.Command command = words.Aggregate(
            (System.CommandLine.Command)CommandTree.Create(),
            (at, word) => at.Subcommands.Single(s => s.Name == word)
        );

        Assert.Contains($"\n.B sysctr {verb}\n", page, StringComparison.Ordinal);
        Assert.All(
            command.Options.Where(o => !o.Hidden && o.Name != "--help"),
            o => Assert.Matches($@"(?m)^\.TP\n.*\\fB{o.Name}\\fR.*\n.", page + twin)
        );
        Assert.All(
            command.Arguments.Where(a => !a.Hidden),
            a => Assert.Matches($@"(?m)^\.TP\n\[?\\fI{Regex.Escape(a.Name)}\\fR.*\n.", page)
        );
        Assert.Contains(
            $".BR sysctr-{words[0]} (1)",
            Plain(s_pages.Single(p => p.Name == "sysctr.1").Text),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_overview_has_the_options_of_every_verb()
    {
        string page = Plain(s_pages.Single(p => p.Name == "sysctr.1").Text);

        Assert.All(GlobalOptions.All, o => Assert.Matches($@"(?m)^\.TP\n.*\\fB{o.Name}\\fR", page));
    }

    /// <summary>Without a text, the name, or a text for what is not there, no page is made.</summary>
    [Theory]
    [InlineData(".SH NAME\nx\n", "it needs NAME and DESCRIPTION")]
    [InlineData(".SH NAME\nx\n.SH DESCRIPTION\nx\n.SH OPTIONS\n.\\\" --nothing\nx\n", "--nothing")]
    [InlineData(".SH NAME\nx\n.SH DESCRIPTION\nx\n.SH OPTIONS\n.\\\" --told\n", "--told has no text")]
    [InlineData(".SH NAME\nx\n.SH DESCRIPTION\nx\n.SH OPTION\nx\n", "no section or verb OPTION")]
    [InlineData(".SH NAME\nx\n.SH DESCRIPTION\nx\n", "--untold has no text")]
    public void What_has_no_text_makes_no_page(string prose, string complaint)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, prose);
            System.CommandLine.Command verb = new("verb", "Does it.")
            {
                new Option<bool>("--told") { Description = "Told." },
                new Option<bool>("--untold"),
            };

            InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
                new VerbPage([], verb, Prose.Read(file), "2026-01-01")
            );
            Assert.Contains(complaint, e.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The page is where the help sends people.</summary>
    [Fact]
    public void No_page_sends_to_itself() =>
        Assert.All(s_pages, p => Assert.DoesNotContain("manual page describes it", p.Text, StringComparison.Ordinal));

    /// <summary>What a page names of section 1 by our name is there.</summary>
    [Fact]
    public void Pages_name_pages_that_are_there() =>
        Assert.All(
            s_pages.SelectMany(p => Named().Matches(Plain(p.Text)).Select(m => m.Groups["page"].Value)).Distinct(),
            name => Assert.Contains(name + ".1", s_pages.Select(p => p.Name))
        );

    [Fact]
    public async Task Mandoc_and_man_have_nothing_to_say()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("sysctr-man-");
        try
        {
            foreach ((string name, string text) in s_pages)
            {
                await File.WriteAllTextAsync(Path.Combine(directory.FullName, name), text, Cancellation);
            }

            string[] files = [.. directory.GetFiles().Select(f => f.FullName)];
            Assert.Equal("", (await Command.RunAsync("mandoc", ["-T", "lint", "-W", "warning", .. files])).Output);
            Assert.Equal(
                "",
                (await Command.MustAsync("groff", ["-t", "-man", "-Tutf8", "-Kutf8", "-wall", "-z", .. files])).Error
            );
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>The examples of a verb's help, which its page shows too.</summary>
    [Fact]
    public void Examples_of_the_help_are_commands_that_we_have()
    {
        RootCommand root = CommandTree.Create();
        string[] commands =
        [
            .. root
                .Subcommands.Append(root)
                .SelectMany(v => v.Subcommands.Append(v))
                .SelectMany(v => (v.Description ?? "").Split('\n'))
                .Where(l => l.StartsWith("  sysctr ", StringComparison.Ordinal))
                .Select(l => Comment().Split(l["  sysctr ".Length..])[0].Split(" | ")[0].Trim()),
        ];

        Assert.InRange(commands.Length, 50, 500);
        Assert.All(commands, line => Assert.Null(UsageError.Describe(CommandLineTests.Parse(line))));
    }

    /// <summary>Keys of files other than .container, whose table is made from the code.</summary>
    [Fact]
    public void The_page_of_files_names_each_key_of_each_kind_of_file()
    {
        string page = Plain(s_pages.Single(p => p.Name == "sysctr-containers.d.5").Text);
        Assert.All(
            new Dictionary<string, IEnumerable<string>>(StringComparer.Ordinal)
            {
                ["volume"] = VolumeFile.Known,
                ["image"] = ImageFile.Known,
                ["network"] = NetworkFile.Known,
                ["pod"] = PodFile.Known,
            },
            kind =>
            {
                string text = page.Split($".TP\n.I NAME.{kind.Key}\n")[1].Split(".TP")[0];
                Assert.All(kind.Value, key => Assert.Contains($@"\fI{key}=", text, StringComparison.Ordinal));
            }
        );
    }

    /// <summary>The first example is all of a file: lint and apply take it as it stands.</summary>
    [Fact]
    public async Task The_example_of_a_file_is_one_that_lint_takes()
    {
        string page = Plain(s_pages.Single(p => p.Name == "sysctr-containers.d.5").Text);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("sysctr-man-");
        try
        {
            string file = Path.Combine(directory.FullName, "web.container");
            await File.WriteAllTextAsync(file, page.Split(".RS\n")[1].Split(".RE\n")[0], Cancellation);

            Assert.Empty(QuadletCheck.Run(file));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string Plain(string page) => page.Replace("\\-", "-", StringComparison.Ordinal);

    [GeneratedRegex(@"(?<page>sysctr-(?!listen|recover\.|update\.)[a-z-]+)(\\fR)? ?\(1\)")]
    private static partial Regex Named();

    /// <summary>What stands behind the command.</summary>
    [GeneratedRegex("  +")]
    private static partial Regex Comment();
}
