// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Options;

/// <summary>The images of the store that a verb works on.</summary>
static class ImageArgument
{
    private const string Text = "An image of the store: its name, short or full, or its ID or the beginning of it.";

    public static Argument<string> One() => new("IMAGE") { Description = Text };

    public static Argument<string[]> Any() => new("IMAGE") { Description = Text, Arity = ArgumentArity.ZeroOrMore };

    public static Argument<string[]> Several() => new("IMAGE") { Description = Text, Arity = ArgumentArity.OneOrMore };
}
