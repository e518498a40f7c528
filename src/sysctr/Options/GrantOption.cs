// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Errors;
using SystemContainers.Rights;

namespace SystemContainers.Cli.Options;

/// <summary><c>--grant CLASS</c>, which install, run and update share.</summary>
static class GrantOption
{
    public static Option<string[]> Create() =>
        new("--grant")
        {
            Description =
                "Let the image have a dangerous class of rights, or one that its update gained; may be repeated. 'all': what it asks for now. See sysctr(1), RIGHTS.",
            HelpName = "CLASS",
            DefaultValueFactory = _ => [],
        };

    /// <summary>The classes, each once.</summary>
    /// <exception cref="SysctrException">Usage: one is none.</exception>
    public static IReadOnlyList<string> Parse(string[] classes)
    {
        string[] named = [.. classes.SelectMany(c => c.Split(',')).Distinct(StringComparer.Ordinal)];
        foreach (string name in named)
        {
            RightsPolicy.CheckClass($"--grant {name}", name);
        }

        return named;
    }
}
