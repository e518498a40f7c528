// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;

namespace SystemContainers.Verbs;

/// <summary>A config.json for people: the filter of system calls, hundreds of lines that nobody reads, is a line that
/// says what it does.</summary>
static class SeccompSummary
{
    /// <summary>The text with the value of <c>linux.seccomp</c> replaced; as it is where there is none, or it is no
    /// JSON.</summary>
    public static string Of(byte[] config)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(config);
            if (
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("linux", out JsonElement linux)
                && linux.ValueKind == JsonValueKind.Object
                && linux.TryGetProperty("seccomp", out JsonElement filter)
                && filter.ValueKind == JsonValueKind.Object
            )
            {
                // As it stands in the file, so that the rest of the text stays what will be written.
                string all = Encoding.UTF8.GetString(config);
                string raw = filter.GetRawText();
                int at = all.IndexOf(raw, StringComparison.Ordinal);
                return $"{all[..at]}{{ {Words(filter, raw.Count(c => c == '\n') + 1)} }}{all[(at + raw.Length)..]}";
            }
        }
        catch (JsonException)
        {
            // The runtime says what is wrong with it.
        }

        return Encoding.UTF8.GetString(config);
    }

    private static string Words(JsonElement filter, int lines)
    {
        string action =
            filter.TryGetProperty("defaultAction", out JsonElement given) && given.ValueKind == JsonValueKind.String
                ? given.GetString()!
                : "?";
        int rules =
            filter.TryGetProperty("syscalls", out JsonElement list) && list.ValueKind == JsonValueKind.Array
                ? list.GetArrayLength()
                : 0;
        return $"… {action} but for {rules} rule{(rules == 1 ? "" : "s")}; {lines} line{(lines == 1 ? "" : "s")} …";
    }
}
