// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Settings.Health;

/// <summary>
/// The command of a health check as podman reads it (podman-run(1), --health-cmd): a line for the shell; a JSON array
/// of strings, of which one alone is such a line, too; or either of them with docker's word in front: <c>CMD</c>,
/// <c>CMD-SHELL</c>, <c>NONE</c>.
/// </summary>
static class HealthCommand
{
    private const string None = "NONE";
    private const string Words = "CMD";
    private const string Shell = "CMD-SHELL";

    /// <summary>What an image's HEALTHCHECK would have for it: <c>NONE</c> alone, <c>CMD</c> and words, or
    /// <c>CMD-SHELL</c> and one line.</summary>
    /// <exception cref="FormatException">There is nothing to run in it.</exception>
    public static IReadOnlyList<string> Parse(string text)
    {
        string[]? list = JsonWords.Of(text);
        string first = list is null ? text.Split(' ', 2)[0] : list.FirstOrDefault("");
        string[] test =
            first.Equals(None, StringComparison.OrdinalIgnoreCase) ? [None]
            : first == Words ? list ?? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            : first == Shell ? [Shell, list is null ? text[Shell.Length..].Trim() : string.Join(' ', list[1..])]
            : list is { Length: > 1 } ? [Words, .. list]
            : [Shell, list is null ? text : first];
        return test is [None] or [_, { Length: > 0 }, ..]
            ? test
            : throw new FormatException("it names no command; none leaves the image's check out");
    }

    /// <summary>What is run for it; null for no check.</summary>
    /// <param name="test">As <see cref="Parse"/> gives it.</param>
    public static IReadOnlyList<string>? Command(IReadOnlyList<string> test) =>
        test[0] switch
        {
            Words => [.. test.Skip(1)],
            Shell => ["/bin/sh", "-c", test[1]],
            _ => null,
        };
}
