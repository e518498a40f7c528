// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cli.Output;

/// <summary>Images in tables.</summary>
static class ImageText
{
    private const string Registry = "docker://";

    /// <summary>The reference as it is typed: that it comes from a registry goes without saying.</summary>
    public static string Name(string reference) =>
        reference.StartsWith(Registry, StringComparison.Ordinal) ? reference[Registry.Length..] : reference;
}
