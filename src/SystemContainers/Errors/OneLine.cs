// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Errors;

/// <summary>A message of several lines as one, for tables and records.</summary>
static class OneLine
{
    /// <summary>What begins a line that was quoted from a journal, a file or another program: it explains a message,
    /// and is no part of it.</summary>
    private const string Quote = "  | ";

    /// <summary>The message's own lines, joined.</summary>
    public static string Of(string message) =>
        string.Join(
            "; ",
            message
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(l => !l.StartsWith(Quote, StringComparison.Ordinal))
                .Select(l => l.Trim())
        );
}
