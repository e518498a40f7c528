namespace SystemContainers.Register;

/// <summary>What systemd says of a unit (org.freedesktop.systemd1(5)); the words are systemd's own.</summary>
/// <param name="Name">The unit.</param>
/// <param name="LoadState">loaded, not-found, masked, bad-setting, error.</param>
/// <param name="ActiveState">active, reloading, inactive, failed, activating, deactivating.</param>
/// <param name="SubState">running, listening, dead, auto-restart …</param>
/// <param name="UnitFileState">enabled, disabled, static, masked …; empty where there is no file.</param>
/// <param name="FragmentPath">The file that defines it.</param>
/// <param name="Result">Of a service: success, exit-code, signal, timeout, watchdog, protocol …; empty for other units.</param>
/// <param name="MainPid">Of a service: its main process; 0 where none runs.</param>
/// <param name="ExecMainCode">Of a service: how its main process ended last, CLD_EXITED (1), CLD_KILLED (2), CLD_DUMPED (3).</param>
/// <param name="ExecMainStatus">Of a service: its exit status, or the signal.</param>
sealed record UnitStatus(
    string Name,
    string LoadState,
    string ActiveState,
    string SubState,
    string UnitFileState,
    string FragmentPath,
    string Result,
    uint MainPid,
    int ExecMainCode,
    int ExecMainStatus);
