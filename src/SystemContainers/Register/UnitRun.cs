namespace SystemContainers.Register;

/// <summary>How a service that was started is doing (org.freedesktop.systemd1(5)); the words are systemd's own.</summary>
/// <param name="ActiveState">active, reloading, inactive, failed, activating, deactivating.</param>
/// <param name="Result">success, exit-code, signal, timeout, watchdog …</param>
/// <param name="Restarts">How often its Restart= has started it again since somebody started it.</param>
/// <param name="Type">notify, forking, oneshot …</param>
/// <param name="IsTriggered">A socket, timer or path starts it.</param>
sealed record UnitRun(string ActiveState, string Result, uint Restarts, string Type, bool IsTriggered);
