// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Mounts;

/// <summary>What to mount, and where.</summary>
/// <param name="Name">A container, or an image by name or ID, as it was typed.</param>
/// <param name="Directory">An empty directory, as it was typed.</param>
sealed record MountRequest(string Name, string Directory)
{
    private const string Defaults = "nosuid,nodev";

    private static readonly string[] s_allowed =
    [
        "ro",
        "suid",
        "nosuid",
        "dev",
        "nodev",
        "exec",
        "noexec",
        "atime",
        "noatime",
        "relatime",
        "nodiratime",
    ];

    /// <summary>Which of the two is meant where the name is an image's and a container's; null for the one that there
    /// is.</summary>
    public MountKind? Kind { get; init; }

    /// <summary>mount(8)'s, with commas; null for <c>nosuid,nodev</c>. <c>ro</c> is always one: the files are the
    /// store's, hard links all of them.</summary>
    public string? Options { get; init; }

    /// <summary>For mount(8).</summary>
    /// <exception cref="SysctrException">Usage: an option that is not for a bind mount, or that would let the store be
    /// written.</exception>
    internal string CheckedOptions()
    {
        string[] options = [.. (Options ?? Defaults).Split(',', StringSplitOptions.RemoveEmptyEntries).Except(["ro"])];
        string? wrong = options.FirstOrDefault(o => !s_allowed.Contains(o));
        return wrong is null
            ? string.Join(',', options.Prepend("ro"))
            : throw new SysctrException(
                ErrorKind.Usage,
                $"mounting {Name}: the option '{wrong}' can't be used",
                wrong == "rw"
                    ? "the files are those of the store and of containers, and are never written; copy them from the mount"
                    : "there are " + string.Join(", ", s_allowed)
            );
    }
}
