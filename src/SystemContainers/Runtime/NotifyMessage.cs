// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Runtime;

/// <summary>
/// A datagram of sd_notify(3) as a payload may send it: what it says of itself. What names processes (MAINPID=,
/// MAINPIDFDID=), descriptors (FDSTORE=, FDSTOREREMOVE=, FDNAME=, FDPOLL=), barriers (BARRIER=), or changes what was
/// set by its unit (NOTIFYACCESS=, WATCHDOG_USEC=) is left out: systemd believes a root of the host's even where the
/// process is another service's (service_is_suitable_main_pid in src/core/service.c).
/// </summary>
static class NotifyMessage
{
    /// <summary>As much as systemd takes (NOTIFY_BUFFER_MAX in src/core/manager.c).</summary>
    public const int MaxBytes = 4096;

    /// <summary>The longest text of a status that goes on.</summary>
    private const int MaxText = 1024;

    /// <summary>Assignments whose value is one of a few words.</summary>
    private static readonly Dictionary<string, string[]> s_words = new(StringComparer.Ordinal)
    {
        ["READY"] = ["1"],
        ["STOPPING"] = ["1"],
        ["RELOADING"] = ["1"],
        ["WATCHDOG"] = ["1", "trigger"],
    };

    private static readonly string[] s_numbers = ["MONOTONIC_USEC", "EXTEND_TIMEOUT_USEC", "ERRNO"];

    private static readonly string[] s_texts = ["STATUS", "BUSERROR"];

    /// <summary>What of a datagram goes on to systemd; null for nothing.</summary>
    /// <param name="datagram">As it came.</param>
    public static string? Admit(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length > MaxBytes)
        {
            return null;
        }

        List<string> lines = [];
        // systemd takes a zero byte for the end.
        int end = datagram.IndexOf((byte)0);
        foreach (string line in Encoding.UTF8.GetString(end < 0 ? datagram : datagram[..end]).Split('\n'))
        {
            if (line.Split('=', 2) is [var key, var value] && Admit(key, value) is { } admitted)
            {
                lines.Add($"{key}={admitted}");
            }
        }

        return lines.Count == 0 ? null : string.Join('\n', lines);
    }

    private static string? Admit(string key, string value) =>
        s_words.TryGetValue(key, out string[]? words)
            ? words.Contains(value, StringComparer.Ordinal)
                ? value
                : null
            : s_numbers.Contains(key, StringComparer.Ordinal)
                ? value.Length is > 0 and <= 20 && value.All(char.IsAsciiDigit)
                    ? value
                    : null
                : s_texts.Contains(key, StringComparer.Ordinal)
                    ? Shown(value)
                    : null;

    /// <summary>A text is for terminals in the end (systemctl status).</summary>
    private static string Shown(string value) =>
        new([.. value.Take(MaxText).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)]);
}
