// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Settings;

/// <summary>What values of <c>--security-opt</c> say together (podman-run(1)).</summary>
/// <param name="NewPrivileges">Whether setuid programs may add rights.</param>
/// <param name="Unconfined">Whether no seccomp filter is wanted.</param>
/// <param name="Mask">Further paths to hide.</param>
/// <param name="Unmask">Paths not to hide and to leave writable; <c>ALL</c> for all.</param>
sealed record SecuritySetting(bool NewPrivileges, bool Unconfined, IReadOnlyList<string> Mask, IReadOnlyList<string> Unmask)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">One of them is nothing that is there.</exception>
    public static SecuritySetting Parse(IEnumerable<string> values)
    {
        SecuritySetting all = new(false, false, [], []);
        foreach (string value in values)
        {
            (string name, string word) = value.IndexOfAny(['=', ':']) is >= 0 and var at ? (value[..at], value[(at + 1)..]) : (value, "");
            all = (name, word) switch
            {
                ("no-new-privileges", "" or "true") => all with { NewPrivileges = false },
                ("no-new-privileges", "false") => all with { NewPrivileges = true },
                ("seccomp", "unconfined") => all with { Unconfined = true },
                ("seccomp", _) => throw new FormatException("a profile of one's own is none of sysctr's options; the host's is /usr/share/containers/seccomp.json"),
                ("mask", _) => all with { Mask = [.. all.Mask, .. Paths(word)] },
                ("unmask", "ALL") => all with { Unmask = ["ALL"] },
                ("unmask", _) => all with { Unmask = [.. all.Unmask, .. Paths(word)] },
                ("apparmor", "unconfined") or ("label", "disable") => all,
                ("apparmor" or "label", _) => throw new FormatException($"sysctr sets no {(name == "label" ? "SELinux label" : "AppArmor profile")}; say it in a drop-in of the unit"),
                _ => throw new FormatException($"'{value}' is no option; there are no-new-privileges, seccomp=unconfined, mask=PATH, unmask=PATH"),
            };
        }

        return all;
    }

    /// <summary>What it says of: a later word for the same thing counts.</summary>
    public static string Key(string value) => value.Split('=', ':')[0] is var name and not ("mask" or "unmask") ? name : value;

    private static IEnumerable<string> Paths(string words) => words.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(VolumeSetting.Absolute);
}
