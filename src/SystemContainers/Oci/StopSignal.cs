// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Oci;

/// <summary>An image's StopSignal as systemd.kill(5) writes it.</summary>
static class StopSignal
{
    // signal(7) has them, systemd under another name (systemd.kill(5) takes what signal-util.c knows).
    private static readonly Dictionary<string, string> s_others = new(StringComparer.Ordinal)
    {
        ["IOT"] = "ABRT",
        ["CLD"] = "CHLD",
        ["POLL"] = "IO",
        ["UNUSED"] = "SYS",
        ["INFO"] = "PWR",
    };

    /// <summary>signal(7), in the order of their numbers, from 1 on, as x86 and ARM have them.</summary>
    private static readonly string[] s_names =
    [
        "HUP",
        "INT",
        "QUIT",
        "ILL",
        "TRAP",
        "ABRT",
        "BUS",
        "FPE",
        "KILL",
        "USR1",
        "SEGV",
        "USR2",
        "PIPE",
        "ALRM",
        "TERM",
        "STKFLT",
        "CHLD",
        "CONT",
        "STOP",
        "TSTP",
        "TTIN",
        "TTOU",
        "URG",
        "XCPU",
        "XFSZ",
        "VTALRM",
        "PROF",
        "WINCH",
        "IO",
        "PWR",
        "SYS",
    ];

    private const int MaxSignal = 64;

    /// <summary>glibc, and so systemd, keeps the first two of the kernel's for itself.</summary>
    private const int FirstRealTime = 34;

    /// <summary><c>SIGTERM</c> where the image says nothing.</summary>
    /// <param name="signal"><c>SIGINT</c>, <c>INT</c>, <c>2</c>, <c>SIGRTMIN+3</c>.</param>
    /// <exception cref="Errors.SysctrException">Template: Linux has no such signal.</exception>
    public static string ForUnit(string? signal) =>
        string.IsNullOrEmpty(signal) ? "SIGTERM" : Find(signal) ?? throw Unknown(signal);

    /// <summary>As <see cref="ForUnit"/>; null where Linux has no such signal.</summary>
    public static string? Find(string signal)
    {
        string name = signal.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name["SIG".Length..] : name;
        name = s_others.GetValueOrDefault(name, name);
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            // By name, for a number in SuccessExitStatus= would be an exit status.
            return number is < 1 or > MaxSignal ? null
                : number <= s_names.Length ? "SIG" + s_names[number - 1]
                : number >= FirstRealTime ? $"SIGRTMIN+{number - FirstRealTime}"
                : null;
        }

        return s_names.Contains(name, StringComparer.Ordinal) || IsRealTime(name) ? "SIG" + name : null;
    }

    /// <summary>The exit statuses of a payload that hears a signal and ends as a shell tells such an end: 128 and its
    /// number. That of SIGTERM is always among them.</summary>
    /// <param name="signal">As <see cref="ForUnit"/> has it.</param>
    public static IReadOnlyList<int> ExitStatuses(string signal) =>
        [
            .. new[] { "SIGTERM", signal }
                .Select(s => Array.IndexOf(s_names, s["SIG".Length..]))
                .Where(n => n >= 0)
                .Select(n => 128 + n + 1)
                .Distinct(),
        ];

    private static bool IsRealTime(string name) =>
        name is "RTMIN" or "RTMAX"
        || (
            (name.StartsWith("RTMIN+", StringComparison.Ordinal) || name.StartsWith("RTMAX-", StringComparison.Ordinal))
            && int.TryParse(name["RTMIN+".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int offset)
            && offset <= 30
        );

    private static Errors.SysctrException Unknown(string signal) =>
        new(
            Errors.ErrorKind.Template,
            $"reading the image's StopSignal: signal(7) has no signal '{signal.ReplaceLineEndings(" ")}'",
            "write SIGTERM, TERM or 15 into the image's STOPSIGNAL"
        );
}
