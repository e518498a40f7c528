// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Cli;
using SystemContainers.TestBed;
using Xunit;
using Command = System.CommandLine.Command;

namespace SystemContainers.Tests.Cli;

/// <summary>What all verbs have in common.</summary>
public sealed class VerbTests
{
    /// <summary>They print nothing of their own on standard output, or what another program prints.</summary>
    private static readonly string[] s_silent =
        ["run", "start", "stop", "restart", "logs", "exec", "recover", "umount", "pin", "unpin", "images tag", "images delete", "rollout release", "help"];

    private static readonly string s_manual = File.ReadAllText(Path.Combine(Workspace.Root, "packaging/man/sysctr.1")).Replace(@"\-", "-", StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(CommandLineTests.Verbs), MemberType = typeof(CommandLineTests))]
    public void A_verb_that_prints_can_print_JSON(string verb)
    {
        Command command = CommandLineTests.Parse(verb == "help" ? "" : verb).CommandResult.Command;

        Assert.NotEqual(s_silent.Contains(verb), command.Options.Any(o => o.Name == "--json"));
    }

    [Theory]
    [MemberData(nameof(CommandLineTests.Verbs), MemberType = typeof(CommandLineTests))]
    public void The_manual_has_every_verb_and_its_options(string verb)
    {
        foreach (string word in verb.Split(' '))
        {
            Assert.Contains(word, s_manual, StringComparison.Ordinal);
        }

        if (verb != "help")
        {
            Command command = CommandLineTests.Parse(verb).CommandResult.Command;
            Assert.All(command.Options.Concat(GlobalOptions.All).Where(o => !o.Hidden && o.Name is not ("--help" or "--boot")), o => Assert.Contains(o.Name, s_manual, StringComparison.Ordinal));
        }
    }
}
