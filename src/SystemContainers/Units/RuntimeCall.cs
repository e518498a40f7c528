// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace SystemContainers.Units;

/// <summary>
/// A call of an OCI runtime that a template's author wrote out instead of <c>$EXEC_START</c> and its siblings, such as
/// <c>/bin/runc --systemd-cgroup run 'etcd'</c> (runc(8), crun(1)). It was right where it was written: elsewhere the
/// runtime has another path, and a runtime that is started so puts the payload beside the unit's cgroup.
/// </summary>
/// <param name="Verb">run, kill, delete.</param>
/// <param name="Signal">What follows the container's name in a kill; null for nothing.</param>
sealed partial record RuntimeCall(string Verb, string? Signal)
{
    private static readonly string[] s_verbs = ["run", "kill", "delete"];

    /// <summary>What changes nothing that <see cref="UnitPlan"/> does not say itself.</summary>
    private static readonly string[] s_flags =
    [
        "--systemd-cgroup",
        "--debug",
        "--detach",
        "-d",
        "--no-pivot",
        "--no-new-keyring",
        "--no-subreaper",
        "--force",
        "-f",
        "--all",
        "-a",
    ];

    private static readonly string[] s_withValue = ["--log", "--log-format", "--bundle", "-b", "--pid-file"];

    /// <summary>What a value of ExecStart= and the like calls for a container; null where it is something else, or more
    /// than we know.</summary>
    /// <param name="line">As in the unit, with prefixes such as <c>-</c> (systemd.service(5), "Command lines").</param>
    /// <param name="name">The container.</param>
    public static RuntimeCall? Find(string line, string name)
    {
        string[] words =
        [
            .. line.TrimStart('-', '@', ':', '+', '!')
                .Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
                .Select(Unquoted),
        ];
        if (words.Length == 0 || !Program().IsMatch(words[0]))
        {
            return null;
        }

        List<string> operands = [];
        for (int i = 1; i < words.Length; i++)
        {
            if (s_withValue.Contains(words[i], StringComparer.Ordinal))
            {
                i++;
            }
            else if (words[i].StartsWith('-') && operands.Count < 2)
            {
                if (
                    !s_flags.Contains(words[i], StringComparer.Ordinal)
                    && !s_withValue.Contains(words[i].Split('=')[0], StringComparer.Ordinal)
                )
                {
                    return null;
                }
            }
            else
            {
                operands.Add(words[i]);
            }
        }

        return operands switch
        {
            ["kill", var container, var signal] when container == name => new RuntimeCall("kill", signal),
            [var verb, var container] when container == name && s_verbs.Contains(verb, StringComparer.Ordinal) =>
                new RuntimeCall(verb, null),
            _ => null,
        };
    }

    private static string Unquoted(string word) => word is ['\'', .., '\''] or ['"', .., '"'] ? word[1..^1] : word;

    [GeneratedRegex(
        @"^(?:/\S*/)?(?:docker-)?(?:runc|crun)(?:-current|-latest)?$",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Program();
}
