// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>
/// The directories that systemd makes for a service (systemd.exec(5), RuntimeDirectory= and its siblings): where the
/// template does not say who enters them, root alone does. What a payload puts there, set-user-ID files too, is no
/// business of the host's users.
/// </summary>
static class PrivateDirectories
{
    private static readonly string[] s_keys = ["RuntimeDirectory", "StateDirectory", "CacheDirectory", "LogsDirectory"];

    /// <summary>Lines for [Service].</summary>
    /// <param name="unit">The template's service.</param>
    public static IEnumerable<string> Lines(UnitText unit) =>
        s_keys
            .Where(key => unit.Find("Service", key) is not null && unit.Find("Service", key + "Mode") is null)
            .Select(key => key + "Mode=0700");
}
