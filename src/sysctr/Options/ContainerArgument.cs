// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Exports;

namespace SystemContainers.Cli.Options;

/// <summary>Containers that a verb works on, by name; the name of the unit, <c>etcd.service</c>, is taken for it, as it
/// stands in systemctl's output.</summary>
static class ContainerArgument
{
    /// <summary>One that has to be named.</summary>
    public static Argument<string> One(string description = "The container.") =>
        new("NAME")
        {
            Description = description,
            CustomParser = result => ContainerName.OfUnit(result.Tokens[0].Value),
        };

    /// <summary>One that may be left out.</summary>
    public static Argument<string?> Optional(string name, string description) =>
        new(name)
        {
            Description = description,
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result => result.Tokens.Count == 0 ? null : ContainerName.OfUnit(result.Tokens[0].Value),
        };

    /// <summary>One or more; none as well where that means all.</summary>
    public static Argument<string[]> Several(string description = "The containers.", bool mayBeNone = false) =>
        new("NAME")
        {
            Description = description,
            Arity = mayBeNone ? ArgumentArity.ZeroOrMore : ArgumentArity.OneOrMore,
            CustomParser = result => [.. result.Tokens.Select(t => ContainerName.OfUnit(t.Value))],
        };

    /// <summary><c>--name</c>, of a container that is made.</summary>
    public static Option<string?> NameOption(string description) =>
        new("--name")
        {
            Description = description,
            HelpName = "NAME",
            CustomParser = result => ContainerName.OfUnit(result.Tokens[0].Value),
        };
}
