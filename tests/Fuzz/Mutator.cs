// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Fuzz;

/// <summary>Changes documents, as AFL's havoc stage does: a few changes at once, of bits, bytes, pieces and
/// words.</summary>
sealed class Mutator(Random random)
{
    private const int MaxLength = 1 << 15;

    private static readonly byte[][] s_words =
    [
        .. new[]
        {
            "\0",
            "\n",
            "\\",
            "\"",
            "'",
            "$",
            "${",
            "%",
            "..",
            "/",
            ":",
            "@",
            "=",
            "[",
            "]",
            "{",
            "}",
            "null",
            "true",
            "-1",
            "1e999",
            "\ud83d\ude00",
            "\ufeff",
            "99999999999999999999",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
        [0xff],
        [0x80, 0, 0, 0, 0, 0, 0, 0],
        [0xc0, 0x80],
    ];

    /// <summary>A changed copy of a document.</summary>
    /// <param name="document">What is changed.</param>
    /// <param name="other">Where a piece may come from.</param>
    public byte[] Change(byte[] document, byte[] other)
    {
        List<byte> bytes = [.. document];
        for (int changes = 1 << random.Next(4); changes > 0; changes--)
        {
            Change(bytes, other);
        }

        return [.. bytes.Take(MaxLength)];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        int at = random.Next(bytes.Count + 1);
        int length = Math.Min(1 << random.Next(8), bytes.Count - at);
        switch (random.Next(8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2 when at < bytes.Count:
                bytes[at] += (byte)random.Next(-4, 5);
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 5:
                bytes.InsertRange(at, s_words[random.Next(s_words.Length)]);
                break;
            case 6:
                byte[] word = s_words[random.Next(s_words.Length)];
                bytes.RemoveRange(at, Math.Min(word.Length, bytes.Count - at));
                bytes.InsertRange(at, word);
                break;
            case 7 when other.Length > 0:
                int from = random.Next(other.Length);
                bytes.InsertRange(
                    at,
                    other.AsSpan(from, Math.Min(1 << random.Next(10), other.Length - from)).ToArray()
                );
                break;
        }
    }
}
