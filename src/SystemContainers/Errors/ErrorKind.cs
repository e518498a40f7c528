// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Errors;

/// <summary>
/// Why an operation failed, as far as a caller can act on it. The value is the exit code of <c>sysctr</c>
/// (sysctr(1), "EXIT STATUS"); it never changes its meaning between versions.
/// </summary>
public enum ErrorKind
{
    /// <summary>A defect of sysctr, or a failure of the host that has no code of its own.</summary>
    Failed = 1,

    /// <summary>The command line is wrong: unknown verb, missing argument, malformed reference or name.</summary>
    Usage = 2,

    /// <summary>What was named does not exist: an image, its tag, its platform, a container, a file, a rule.</summary>
    NotFound = 3,

    /// <summary>The registry could not be reached, or broke off more often than we retry.</summary>
    Unreachable = 4,

    /// <summary>The registry refused our credentials, or wants some that we do not have.</summary>
    Unauthorized = 5,

    /// <summary>The host's policy (policy.json, a blocked or insecure registry) forbids it.</summary>
    Policy = 6,

    /// <summary>Bytes are not what their digest, size or format says.</summary>
    Corrupt = 7,

    /// <summary>An image tried to reach a path outside its tree, or exceeds a limit.</summary>
    Unsafe = 8,

    /// <summary>A template, its values, manifest.json or config.json of the image can't be used.</summary>
    Template = 9,

    /// <summary>The name, unit or host file is already there and belongs to somebody else, or is in use.</summary>
    Conflict = 10,

    /// <summary>A unit did not start, did not stay up or is not healthy, or systemd refused it.</summary>
    Unit = 11,

    /// <summary>The host lacks something that is needed: an OCI runtime, systemd, a kernel feature, a
    /// capability.</summary>
    Host = 12,

    /// <summary>The caller is not allowed to: not root, or a file that may not be read or written.</summary>
    Permission = 13,

    /// <summary>No space, or an I/O error on the host's disk.</summary>
    Storage = 14,

    /// <summary>Another sysctr held the lock for longer than was allowed, or a failed host holds the
    /// roll-out.</summary>
    Locked = 15,
}
