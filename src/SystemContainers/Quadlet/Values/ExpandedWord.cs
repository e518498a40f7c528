// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Values;

/// <summary>What systemd makes of a word of a command line.</summary>
/// <param name="Parts">One word; of a variable that stands alone as many as it has.</param>
/// <param name="Unset">Variables of it that are not set, and so are empty texts.</param>
sealed record ExpandedWord(IReadOnlyList<string> Parts, IReadOnlyList<string> Unset)
{
    public string Text => string.Join(' ', Parts);
}
