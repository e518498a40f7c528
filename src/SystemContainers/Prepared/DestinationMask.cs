// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Prepared;

/// <summary>Writes <c>$DESTDIR</c> for a deployment's own directory, which differs between any two and means
/// nothing.</summary>
static class DestinationMask
{
    /// <summary>The text without the directory.</summary>
    /// <param name="text">Any text that names it.</param>
    /// <param name="destination">The directory, which ends in the deployment's number; null for none.</param>
    public static string Apply(string text, string? destination)
    {
        if (string.IsNullOrEmpty(destination))
        {
            return text;
        }

        StringBuilder masked = new(text.Length);
        int start = 0;
        for (int at; (at = text.IndexOf(destination, start, StringComparison.Ordinal)) >= 0;)
        {
            int end = at + destination.Length;

            // A longer number that begins with the same digits is another deployment's.
            bool whole = end == text.Length || !char.IsAsciiDigit(text[end]);
            masked.Append(text, start, at - start).Append(whole ? "$DESTDIR" : destination);
            start = end;
        }

        return masked.Append(text, start, text.Length - start).ToString();
    }
}
