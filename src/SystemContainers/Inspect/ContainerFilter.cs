// SPDX-License-Identifier: Apache-2.0

using System.IO.Enumeration;
using SystemContainers.Errors;

namespace SystemContainers.Inspect;

/// <summary>Which containers <c>list</c> shows: <c>FIELD=PATTERN</c>, with <c>*</c> for any characters; without one the
/// text is looked for anywhere, but a state is meant whole.</summary>
static class ContainerFilter
{
    /// <summary>The containers that match all filters.</summary>
    /// <exception cref="SysctrException">Usage: there is no such filter.</exception>
    public static IReadOnlyList<ContainerReport> Apply(
        IReadOnlyList<ContainerReport> containers,
        IReadOnlyList<string> filters
    )
    {
        Func<ContainerReport, bool>[] wanted = [.. filters.Select(Parse)];
        return [.. containers.Where(c => wanted.All(w => w(c)))];
    }

    private static Func<ContainerReport, bool> Parse(string filter)
    {
        string[] parts = filter.Split('=', 2);
        return (parts[0], parts.ElementAtOrDefault(1)) switch
        {
            // atomic's own names for them, too.
            ("name" or "container", { } pattern) => c => Matches(pattern, c.Name),
            ("image", { } pattern) => c => Matches(pattern, c.Image),
            ("runtime", { } pattern) => c => Matches(pattern, c.Runtime),
            ("state", { } state) => c => c.State == state,
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"filtering containers by '{filter}': there is no such filter",
                "there are name=PATTERN, image=PATTERN, runtime=PATTERN and state=STATE"
            ),
        };
    }

    private static bool Matches(string pattern, string text) =>
        FileSystemName.MatchesSimpleExpression(
            pattern.Contains('*', StringComparison.Ordinal) ? pattern : $"*{pattern}*",
            text,
            ignoreCase: false
        );
}
