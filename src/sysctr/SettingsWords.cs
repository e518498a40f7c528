// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Commands;
using SystemContainers.Cli.Options;
using SystemContainers.Settings;

namespace SystemContainers.Cli;

/// <summary>Words of podman-run(1) on the command lines of install, update and plan that the command-line library would
/// take for others.</summary>
static class SettingsWords
{
    private static readonly string[] s_verbs = ["install", "update", "plan"];

    /// <summary>
    /// The command line with what the library can't tell apart in other words: behind <c>--</c> stands the payload's
    /// command, and <c>--user=NAME</c> is podman's, where <c>--user</c> alone is whose containers are meant.
    /// </summary>
    public static string[] Rewrite(string[] words)
    {
        int verb = GlobalOptions.VerbAt(words);
        if (verb == words.Length || !s_verbs.Contains(words[verb], StringComparer.Ordinal))
        {
            return words;
        }

        int end = Array.IndexOf(words, "--", verb);
        string[] ours = [.. words[..verb], .. (end < 0 ? words[verb..] : words[verb..end]).SelectMany(Plain)];

        // 'install -- etcd' names an image.
        int operands = verb + (words[verb] == "plan" ? 2 : 1);
        return end < 0 || end == words.Length - 1 || operands >= end || !HasOperand(ours[operands..])
            ? [.. ours, .. end < 0 ? [] : words[end..]]
            : [.. ours, .. words[(end + 1)..].Select(word => $"{SettingsOptions.WordOption}={word}")];
    }

    private static string[] Plain(string word) =>
        word.StartsWith("--user=", StringComparison.Ordinal) ? ["-u", word["--user=".Length..]]
        // A flag stands alone, as podman has it.
        : word.StartsWith("--", StringComparison.Ordinal) && SettingOptions.Find(word[2..]) is { IsFlag: true }
            ? [word + "=true"]
        // The library would take the next word for the value.
        : word.StartsWith("--", StringComparison.Ordinal) && word.EndsWith('=') && SettingsOptions.Has(word[2..^1])
            ? [word[..^1], ""]
        : [word];

    /// <summary>Whether a word is none of an option: an image's or a container's name.</summary>
    private static bool HasOperand(string[] words)
    {
        Command install = new("install");
        Command update = new("update");
        InstallCommand.AddRequestTo(install);
        UpdateCommand.AddRequestTo(update);
        return GlobalOptions.OperandAt(words, [.. install.Options, .. update.Options, .. GlobalOptions.All])
            < words.Length;
    }
}
