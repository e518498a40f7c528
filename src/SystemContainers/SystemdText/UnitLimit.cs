// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>One setting of systemd.resource-control(5) that holds what a config.json limits.</summary>
/// <param name="Key">Such as <c>MemoryMax</c>.</param>
/// <param name="Controller">The cgroup controller that carries it out.</param>
/// <param name="Kind">What it means for the setting to be missed.</param>
/// <param name="Source">The member of config.json.</param>
sealed record UnitLimit(string Key, string Value, string Controller, UnitLimitKind Kind, string Source);
