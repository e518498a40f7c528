// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet;

/// <summary>What was meant by a key that is none.</summary>
static class KeyGuess
{
    /// <summary>Advice for an unknown key.</summary>
    public static string Among(IEnumerable<string> keys, string wrong) =>
        Nearest(keys, wrong) is { } meant ? $"{meant}= is one" : "sysctr-containers.d(5) lists them";

    /// <summary>The key that was meant; null where none is near.</summary>
    public static string? Nearest(IEnumerable<string> keys, string wrong) =>
        keys.Select(k => (Key: k, Distance: Distance(k.ToUpperInvariant(), wrong.ToUpperInvariant())))
            .Where(k => k.Distance <= 2)
            .OrderBy(k => k.Distance)
            .ThenBy(k => k.Key, StringComparer.Ordinal)
            .Select(k => k.Key)
            .FirstOrDefault();

    /// <summary>How many letters are to be changed, added or left out (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (
                    row[j],
                    Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1))
                );
            }
        }

        return row[b.Length];
    }
}
