// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd;

/// <summary>All that matters of a unit (org.freedesktop.systemd1(5)); the words are systemd's own. What only services
/// have is empty or 0 of others.</summary>
sealed record UnitStatus
{
    public required string Name { get; init; }

    /// <summary>loaded, not-found, masked, bad-setting, error.</summary>
    public required string LoadState { get; init; }

    /// <summary>active, reloading, inactive, failed, activating, deactivating.</summary>
    public required string ActiveState { get; init; }

    /// <summary>running, listening, dead, auto-restart …</summary>
    public string SubState { get; init; } = "";

    /// <summary>enabled, disabled, static, masked …; empty where there is no file.</summary>
    public string UnitFileState { get; init; } = "";

    /// <summary>Of a service: notify, forking, oneshot …</summary>
    public string Type { get; init; } = "";

    /// <summary>Of a service: success, exit-code, signal, timeout, watchdog, protocol …</summary>
    public string Result { get; init; } = "";

    /// <summary>Of a service: its main process; 0 where none runs.</summary>
    public uint MainPid { get; init; }

    /// <summary>Of a service: the exit status of its main process, or the signal that ended it.</summary>
    public int ExecMainStatus { get; init; }

    /// <summary>Of a service: how often its Restart= has started it again since somebody started it.</summary>
    public uint Restarts { get; init; }

    /// <inheritdoc cref="UnitState.IsUp"/>
    public bool IsUp => UnitState.IsUpIn(ActiveState);

    /// <summary>A socket, timer or path starts it.</summary>
    public bool IsTriggered { get; init; }
}
