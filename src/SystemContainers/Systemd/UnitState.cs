// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd;

/// <summary>How a unit is (org.freedesktop.systemd1(5)); the words are systemd's own.</summary>
/// <param name="LoadState">loaded, not-found, masked, bad-setting, error.</param>
/// <param name="ActiveState">active, reloading, inactive, failed, activating, deactivating.</param>
/// <param name="SubState">running, listening, dead, auto-restart …</param>
sealed record UnitState(string Name, string LoadState, string ActiveState, string SubState)
{
    /// <summary>Whether it runs, or is about to.</summary>
    public bool IsUp => IsUpIn(ActiveState);

    /// <summary>Whether a unit in a state runs, or is about to.</summary>
    /// <param name="activeState">As <see cref="ActiveState"/>.</param>
    public static bool IsUpIn(string activeState) => activeState is "active" or "activating" or "reloading";
}
