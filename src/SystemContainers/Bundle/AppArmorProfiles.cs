// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Bundle;

/// <summary>The AppArmor profiles that the running host has loaded.</summary>
static class AppArmorProfiles
{
    /// <summary>The name that stands for no profile at all.</summary>
    public const string Unconfined = "unconfined";

    private const string Loaded = "/sys/kernel/security/apparmor/profiles";
    private const string Enabled = "/sys/module/apparmor/parameters/enabled";

    /// <summary>Whether AppArmor is on, and a runtime can give a process a profile.</summary>
    public static bool AreThere => File.Exists(Loaded);

    /// <summary>Whether one of that name is loaded; true where only root could tell. A line is
    /// <c>NAME (MODE)</c>.</summary>
    public static bool Has(string name)
    {
        try
        {
            return File.ReadLines(Loaded).Any(l => l.StartsWith(name + " (", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>Looks again before a start: crun goes on without the profile where AppArmor is off, and runc says what
    /// few understand.</summary>
    /// <param name="id">What starts.</param>
    /// <param name="profile">As config.json has it.</param>
    /// <exception cref="SysctrException">Host: it can't be confined so.</exception>
    public static void Require(string id, string? profile)
    {
        if (profile is null or "" or Unconfined)
        {
            return;
        }

        // A unit's sandbox may hide the one and not the other; then the runtime finds out.
        bool isOn = AreThere || (File.Exists(Enabled) && File.ReadAllText(Enabled).StartsWith('Y'));
        if (Fault($"starting {id}", profile, isOn, isOn && Has(profile)) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Why nothing can be confined by a profile; null where it can.</summary>
    /// <param name="doing">For the message.</param>
    /// <param name="profile">Its name.</param>
    /// <param name="isOn">Whether the host has AppArmor.</param>
    public static SysctrException? Fault(string doing, string profile, bool isOn, bool isLoaded) =>
        !isOn
            ? new(
                ErrorKind.Host,
                $"{doing}: it is to be confined by the AppArmor profile {profile}, and the host has no AppArmor",
                "leave --security-opt apparmor= (AppArmor=) out, or boot with apparmor=1 security=apparmor"
            )
        : !isLoaded
            ? new(
                ErrorKind.Host,
                $"{doing}: it is to be confined by the AppArmor profile {profile}, and no profile of that name is loaded",
                "'apparmor_parser -r FILE' loads one, and apparmor.service those of /etc/apparmor.d"
            )
        : null;
}
