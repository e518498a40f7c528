// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Settings;

namespace SystemContainers.Bundle;

/// <summary>A seccomp profile that stands in place of the built-in one: the host's own, where it has one, or a
/// user's.</summary>
/// <param name="Path">As the host sees it.</param>
/// <param name="Text">JSON, not looked at yet.</param>
sealed record SeccompFile(string Path, byte[] Text)
{
    /// <summary>Where it can be, the administrator's before the one of the package containers-common; as in
    /// podman.</summary>
    public static IReadOnlyList<string> Places { get; } =
    ["/etc/containers/seccomp.json", "/usr/share/containers/seccomp.json"];

    // The package's has 23 KB.
    private const int MaxBytes = 4 << 20;

    /// <summary>Whether a user named it for one container; else it is the host's, for all.</summary>
    public bool IsAsked { get; private init; }

    /// <summary>Reads one that a user named.</summary>
    /// <param name="root">The host's root directory.</param>
    /// <param name="path">Absolute, as the host sees it.</param>
    /// <exception cref="SysctrException">NotFound: it is not there; Storage: it can't be read.</exception>
    public static SeccompFile Read(string root, string path)
    {
        try
        {
            return new SeccompFile(
                path,
                BoundedFile.Read(root, path, MaxBytes)
                    ?? throw new SysctrException(
                        ErrorKind.NotFound,
                        $"reading the seccomp profile {path}: there is no such file",
                        "write it there, or leave --security-opt seccomp= out"
                    )
            )
            {
                IsAsked = true,
            };
        }
        catch (IOException e)
        {
            throw new SysctrException(
                HostFailure.KindOf(e),
                $"reading the seccomp profile {path}: {e.Message}",
                "mend it, or leave --security-opt seccomp= out",
                e
            );
        }
    }

    /// <summary>The digest of the profile that a container's options name; null where they name none.</summary>
    /// <param name="root">The host's root directory.</param>
    /// <param name="settings">The options.</param>
    /// <exception cref="SysctrException">As <see cref="Read"/>.</exception>
    public static Digest? DigestFor(string root, ContainerSettings settings) =>
        settings.Spec.Security.Seccomp is { } path ? Digest.Sha256(Read(root, path).Text) : null;

    /// <param name="root">The host's root directory.</param>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="SysctrException">
    /// Storage, Permission: it is there and can't be read. Not the same as "there is none": a container must not get
    /// another filter because a disk fails.
    /// </exception>
    public static SeccompFile? Find(string root)
    {
        foreach (string path in Places)
        {
            try
            {
                if (BoundedFile.Read(root, path, MaxBytes) is { } text)
                {
                    return new SeccompFile(path, text);
                }
            }
            catch (IOException e)
            {
                throw new SysctrException(
                    HostFailure.KindOf(e),
                    $"reading the host's seccomp profile: {e.Message}",
                    $"mend or remove {path}; without one sysctr's own is used",
                    e
                );
            }
        }

        return null;
    }
}
