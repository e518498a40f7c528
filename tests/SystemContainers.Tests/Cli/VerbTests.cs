// SPDX-License-Identifier: Apache-2.0

using Xunit;
using Command = System.CommandLine.Command;

namespace SystemContainers.Tests.Cli;

/// <summary>What all verbs have in common.</summary>
public sealed class VerbTests
{
    /// <summary>They print nothing of their own on standard output, or a name alone, or what another program
    /// prints.</summary>
    private static readonly string[] s_silent =
    [
        "run",
        "start",
        "stop",
        "restart",
        "logs",
        "exec",
        "recover",
        "umount",
        "pin",
        "unpin",
        "images tag",
        "images delete",
        "images help",
        "rollout release",
        "network remove",
        "login",
        "logout",
        "trust set",
        "trust delete",
        "help",
    ];

    [Theory]
    [MemberData(nameof(CommandLineTests.Verbs), MemberType = typeof(CommandLineTests))]
    public void A_verb_that_prints_can_print_JSON(string verb)
    {
        Command command = CommandLineTests.Parse(verb == "help" ? "" : verb).CommandResult.Command;

        Assert.NotEqual(s_silent.Contains(verb), command.Options.Any(o => o.Name == "--json"));
    }
}
