// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Errors;
using SystemContainers.Render.Request;

namespace SystemContainers.Cli.Options;

/// <summary><c>--set VAR=VALUE</c>, which install and update share.</summary>
static class SetOption
{
    public static Option<string[]> Create() =>
        new("--set")
        {
            Description = "Set a variable of the image's templates; may be repeated. 'VAR=' empties it.",
            HelpName = "VAR=VALUE",
            DefaultValueFactory = _ => [],
        };

    /// <summary>For <c>atomic</c>, whose scripts set what an image may have known once; no option of ours to be
    /// found.</summary>
    public static Option<bool> CreateLeaveOutUnknown() =>
        new("--leave-out-unknown")
        {
            Description = "Leave out variables that the image does not know, instead of refusing them.",
            Hidden = true,
        };

    /// <summary>The variables to set.</summary>
    /// <exception cref="SysctrException">Usage: one is not of the form VAR=VALUE, or is none that an image can have
    /// set.</exception>
    public static IReadOnlyDictionary<string, string> Parse(string[] assignments)
    {
        IReadOnlyDictionary<string, string> set = Assignments("--set", assignments);
        TemplateValues.CheckSettable(set.Keys);
        return set;
    }

    /// <summary>The assignments as a dictionary; the last one of a variable holds.</summary>
    /// <exception cref="SysctrException">Usage: one is not of the form VAR=VALUE.</exception>
    public static IReadOnlyDictionary<string, string> Assignments(string option, string[] assignments)
    {
        Dictionary<string, string> set = new(StringComparer.Ordinal);
        foreach (string assignment in assignments)
        {
            int equals = assignment.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new SysctrException(ErrorKind.Usage, $"{option} {assignment}: not of the form VAR=VALUE");
            }

            set[assignment[..equals]] = assignment[(equals + 1)..];
        }

        return set;
    }
}
