// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Bundle;

/// <summary>An image's StopSignal as systemd.kill(5) writes it.</summary>
static class StopSignal
{
    // signal(7) has them, systemd under another name (systemd.kill(5) takes what signal-util.c knows).
    private static readonly Dictionary<string, string> s_others = new(StringComparer.Ordinal) { ["IOT"] = "ABRT", ["CLD"] = "CHLD", ["POLL"] = "IO", ["UNUSED"] = "SYS", ["INFO"] = "PWR" };

    // signal(7), and the real-time range of Linux.
    private static readonly string[] s_names =
    [
        "ABRT", "ALRM", "BUS", "CHLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "KILL", "PIPE", "PROF", "PWR", "QUIT", "SEGV", "STKFLT",
        "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
    ];

    private const int MaxSignal = 64;

    /// <summary><c>SIGTERM</c> where the image says nothing.</summary>
    /// <param name="signal"><c>SIGINT</c>, <c>INT</c>, <c>2</c>, <c>SIGRTMIN+3</c>.</param>
    /// <exception cref="Errors.SysctrException">Template: Linux has no such signal.</exception>
    public static string ForUnit(string? signal)
    {
        if (string.IsNullOrEmpty(signal))
        {
            return "SIGTERM";
        }

        string name = signal.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name["SIG".Length..] : name;
        name = s_others.GetValueOrDefault(name, name);
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return number is >= 1 and <= MaxSignal ? $"{number}" : throw Unknown(signal);
        }

        return s_names.Contains(name, StringComparer.Ordinal) || IsRealTime(name) ? "SIG" + name : throw Unknown(signal);
    }

    private static bool IsRealTime(string name) =>
        name is "RTMIN" or "RTMAX" ||
        ((name.StartsWith("RTMIN+", StringComparison.Ordinal) || name.StartsWith("RTMAX-", StringComparison.Ordinal)) &&
         int.TryParse(name["RTMIN+".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int offset) && offset <= 30);

    private static Errors.SysctrException Unknown(string signal) => new(
        Errors.ErrorKind.Template, $"reading the image's StopSignal: signal(7) has no signal '{signal.ReplaceLineEndings(" ")}'", "write SIGTERM, TERM or 15 into the image's STOPSIGNAL");
}
