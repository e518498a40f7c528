// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SystemContainers.Systemd.Journal;

/// <summary>
/// What a unit wrote in its last lives, out of journalctl's JSON: a unit that is started again has the lines of all its lives in the journal, and those of an earlier one
/// say nothing of why this one failed.
/// </summary>
static partial class JournalExcerpt
{
    /// <summary>
    /// The fields that name a life: of what the two managers say of it, and of the unit's processes (systemd.journal-fields(7)). In that order: a user's
    /// manager is itself a process of a unit, user@.service, and what it says has the life of that one too.
    /// </summary>
    private static readonly string[] s_lives = ["USER_INVOCATION_ID", "INVOCATION_ID", "_SYSTEMD_INVOCATION_ID"];

    /// <summary>journalctl's words for the input of <see cref="Of"/>.</summary>
    public static IReadOnlyList<string> Options => ["--output=json", "--output-fields=MESSAGE," + string.Join(',', s_lives)];

    /// <summary>The messages of the last lives, oldest first.</summary>
    /// <param name="json">An object a line, oldest first.</param>
    /// <param name="lives">How many lives; two where the last one began when the one before ended in what is asked about.</param>
    /// <param name="lines">How many lines at most: the last ones.</param>
    public static IReadOnlyList<string> Of(string json, int lives, int lines)
    {
        List<(string? Life, string Message)> entries = [.. json.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Read).OfType<(string?, string)>()];
        string[] known = [.. entries.Select(e => e.Life).OfType<string>().Reverse().Distinct(StringComparer.Ordinal).Take(lives)];
        int begin = entries.FindIndex(e => e.Life is not null && known.Contains(e.Life, StringComparer.Ordinal));

        // What has no life was written by who was gone before the journal's daemon could ask; it stands where it belongs.
        return
        [
            .. entries.Skip(Math.Max(begin, 0)).Where(e => e.Life is null || known.Contains(e.Life, StringComparer.Ordinal))
                .SelectMany(e => e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Where(l => !Chatter().IsMatch(l)).TakeLast(lines),
        ];
    }

    private static (string? Life, string Message)? Read(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement entry = document.RootElement;
            return entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("MESSAGE", out JsonElement message)
                ? (s_lives.Select(field => entry.TryGetProperty(field, out JsonElement life) ? Text(life) : null).FirstOrDefault(life => life is not null), Text(message) ?? "")
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A text; bytes where it is none; the first of several; null where it was too long for journalctl.</summary>
    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Array when value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Number) =>
            Encoding.UTF8.GetString([.. value.EnumerateArray().Select(e => e.TryGetByte(out byte b) ? b : (byte)'?')]),
        JsonValueKind.Array when value.GetArrayLength() > 0 => Text(value[0]),
        _ => null,
    };

    // What runc says beside its errors, often when all is over: it would stand before the reason.
    [GeneratedRegex(@"^time=""[^""]*"" level=(?:debug|info|warning) msg=", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex Chatter();
}
