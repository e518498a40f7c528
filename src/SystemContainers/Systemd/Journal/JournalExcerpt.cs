// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SystemContainers.Systemd.Journal;

/// <summary>
/// What a unit wrote in its last life, out of journalctl's JSON: a unit that is started again has the lines of all its
/// lives in the journal, and those of an earlier one say nothing of why this one failed.
/// </summary>
static partial class JournalExcerpt
{
    /// <summary>The fields that a manager names a life by, and no process may: they begin with no underscore, but a
    /// stream to the journal has no fields.</summary>
    private static readonly string[] s_managers = ["USER_INVOCATION_ID", "INVOCATION_ID"];

    /// <summary>
    /// The fields that name a life: of what the two managers say of it, and of the unit's processes
    /// (systemd.journal-fields(7)). In that order: a user's manager is itself a process of a unit, user@.service, and
    /// what it says has the life of that one too.
    /// </summary>
    private static readonly string[] s_lives = [.. s_managers, "_SYSTEMD_INVOCATION_ID"];

    /// <summary>
    /// What a manager says when a life is over: it failed, it ended well, a process of it failed, after which commands
    /// may still run (SD_MESSAGE_UNIT_FAILURE_RESULT, SD_MESSAGE_UNIT_SUCCESS, SD_MESSAGE_UNIT_PROCESS_EXIT of
    /// sd-messages.h, each since systemd 241). It is said before the job ends, so who was told of the job finds it.
    /// </summary>
    private static readonly string[] s_ends =
    [
        "d9b373ed55a64feb8242e02dbe79a49c",
        "7ad2d189f7e94e70a38c781354912448",
        "98e322203f7a4ed290d09fe03c09fe15",
    ];

    private const string Unit = "_SYSTEMD_USER_UNIT";

    /// <summary>journalctl's words for the input of <see cref="Of"/>.</summary>
    public static IReadOnlyList<string> Options =>
        ["--output=json", $"--output-fields=MESSAGE,MESSAGE_ID,{Unit}," + string.Join(',', s_lives)];

    /// <summary>The messages of the last life, oldest first.</summary>
    /// <param name="json">An object a line, oldest first.</param>
    /// <param name="ended">It is the last one that ended which is asked about, with all that came after it: Restart=
    /// may have begun another one since.</param>
    /// <param name="lines">
    /// How many lines of the unit's processes at most, the last ones; and half as many of the manager's. They are
    /// counted apart, for a manager has a line for each process that it kills, and would have the room of the one line
    /// that says why.
    /// </param>
    public static IReadOnlyList<string> Of(string json, bool ended, int lines)
    {
        List<Entry> entries = [.. json.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Read).OfType<Entry>()];
        string[] latest = [.. entries.Select(e => e.Life).OfType<string>().Reverse().Distinct(StringComparer.Ordinal)];
        int over = ended ? Array.FindIndex(latest, life => entries.Any(e => e.IsEnd && e.Life == life)) : 0;
        string[] known = latest[..Math.Min(latest.Length, Math.Max(over, 0) + 1)];
        int begin = entries.FindIndex(e => e.Life is not null && known.Contains(e.Life, StringComparer.Ordinal));

        // What has no life was written by who was gone before the journal's daemon could ask; it stands where it
        // belongs.
        (string Text, bool IsManagers)[] said =
        [
            .. entries
                .Skip(Math.Max(begin, 0))
                .Where(e => e.Life is null || known.Contains(e.Life, StringComparer.Ordinal))
                .SelectMany(e =>
                    e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                        .Where(l => !(e.IsManagers ? Killing() : Chatter()).IsMatch(l))
                        .Select(l => (l, e.IsManagers))
                ),
        ];
        int skipped = Math.Max(0, said.Count(l => !l.IsManagers) - lines),
            skippedManagers = Math.Max(0, said.Count(l => l.IsManagers) - ((lines + 1) / 2));
        return [.. said.Where(l => (l.IsManagers ? skippedManagers-- : skipped--) <= 0).Select(l => l.Text)];
    }

    private static Entry? Read(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement entry = document.RootElement;
            if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("MESSAGE", out JsonElement message))
            {
                return null;
            }

            // The companion has a life of its own, which is no life of the unit.
            bool isCompanions = Field(Unit)?.StartsWith(JournalMatches.LogUnit, StringComparison.Ordinal) == true;
            return new Entry(
                isCompanions ? null : s_lives.Select(Field).FirstOrDefault(life => life is not null),
                Text(message) ?? "",
                s_ends.Contains(Field("MESSAGE_ID"), StringComparer.Ordinal),
                !isCompanions && s_managers.Any(life => Field(life) is not null)
            );

            string? Field(string name) => entry.TryGetProperty(name, out JsonElement value) ? Text(value) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What the journal has of a unit.</summary>
    /// <param name="Life">Its life, or null.</param>
    /// <param name="Message">Lines.</param>
    /// <param name="IsEnd">The life is over with it.</param>
    /// <param name="IsManagers">Its manager says it, and no process of it.</param>
    private readonly record struct Entry(string? Life, string Message, bool IsEnd, bool IsManagers);

    /// <summary>A text; bytes where it is none; the first of several; null where it was too long for
    /// journalctl.</summary>
    private static string? Text(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Array when value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Number) =>
                Encoding.UTF8.GetString([
                    .. value.EnumerateArray().Select(e => e.TryGetByte(out byte b) ? b : (byte)'?'),
                ]),
            JsonValueKind.Array when value.GetArrayLength() > 0 => Text(value[0]),
            _ => null,
        };

    // What runc says beside its errors, often when all is over: it would stand before the reason.
    [GeneratedRegex(
        @"^time=""[^""]*"" level=(?:debug|info|warning) msg=",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Chatter();

    // A line for each process that was left when the main one ended.
    [GeneratedRegex(
        @"^\S+: Killing process [0-9]+ \(.*\) with signal ",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex Killing();
}
