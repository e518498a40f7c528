// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;

namespace SystemContainers.Lint.Json;

/// <summary>What an image's tmpfiles.d(5) lines make, as far as lint asks.</summary>
static class TmpfilesText
{
    /// <summary>Letters of lines that make what they name.</summary>
    private const string Making = "fFdDvqQpLcbC";

    /// <summary>The paths that the lines make, normalized. What systemd or sysctr would not take is an error of the
    /// rendering.</summary>
    public static IEnumerable<string> Made(string text) =>
        TmpfilesSyntax
            .Parse(text)
            .Where(l => l.Error is null && Making.Contains(l.Type, StringComparison.Ordinal))
            .Select(l => l.Path);
}
