// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>Variables that systemd sets for each start of a unit anew (systemd.exec(5), "Environment variables set or
/// propagated by the service manager").</summary>
static class StartVariables
{
    public static IReadOnlySet<string> Names { get; } =
        new HashSet<string>(StringComparer.Ordinal)
        {
            "CACHE_DIRECTORY",
            "CONFIGURATION_DIRECTORY",
            "CREDENTIALS_DIRECTORY",
            "FDSTORE",
            "INVOCATION_ID",
            "JOURNAL_STREAM",
            "LISTEN_FDNAMES",
            "LISTEN_FDS",
            "LISTEN_PID",
            "LOGS_DIRECTORY",
            "MAINPID",
            "MANAGERPID",
            "MEMORY_PRESSURE_WATCH",
            "MEMORY_PRESSURE_WRITE",
            "NOTIFY_SOCKET",
            "PIDFILE",
            "REMOTE_ADDR",
            "REMOTE_PORT",
            "RUNTIME_DIRECTORY",
            "STATE_DIRECTORY",
            "SYSTEMD_EXEC_PID",
            "TRIGGER_PATH",
            "TRIGGER_UNIT",
            "WATCHDOG_PID",
            "WATCHDOG_USEC",
        };
}
