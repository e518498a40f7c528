// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Values;

/// <summary>What reading files has to know of the host that they are for.</summary>
sealed record QuadletHost
{
    /// <summary>A file of this process as the host sees it; null where the host does not have it.</summary>
    public Func<string, string?> OnHost { get; init; } = static path => path;

    /// <summary>A path of the host as this process sees it, all links followed.</summary>
    public Func<string, string> Inside { get; init; } = static path => path;

    /// <summary>Whether files of the host are looked at: environment files, devices.</summary>
    public bool LooksAtHost { get; init; } = true;

    /// <summary>The variables that the host's systemd gives every unit (systemd.exec(5)), by name; null where none runs
    /// that could be asked.</summary>
    public Func<IReadOnlyDictionary<string, string>?> Manager { get; init; } = static () => null;

    /// <summary>Absolute path of sysctr on the host.</summary>
    public string Tool { get; init; } = "/usr/bin/sysctr";

    /// <summary>Whether it is a user's systemd.</summary>
    public bool IsUser { get; init; }

    /// <summary>What specifiers stand for that are the same for all units: <c>h</c> for the home directory
    /// ...</summary>
    public IReadOnlyDictionary<char, string> Specifiers { get; init; } = System;

    /// <summary>The unit of a file that was applied before and is none of this call's; null where there is
    /// none.</summary>
    public Func<string, string?> Applied { get; init; } = static _ => null;

    /// <summary>Of the system's own systemd (systemd.unit(5), "Specifiers").</summary>
    public static IReadOnlyDictionary<char, string> System { get; } =
        new Dictionary<char, string>
        {
            ['h'] = "/root",
            ['u'] = "root",
            ['U'] = "0",
            ['g'] = "root",
            ['G'] = "0",
            ['s'] = "/bin/sh",
            ['t'] = "/run",
            ['S'] = "/var/lib",
            ['C'] = "/var/cache",
            ['L'] = "/var/log",
            ['E'] = "/etc",
            ['T'] = "/tmp",
            ['V'] = "/var/tmp",
        };
}
