// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Runtime;

namespace SystemContainers.Target;

/// <summary>
/// Where on the host something may be written or removed for a container: not where a link leads that a payload or a
/// user may have put there, and never into the store.
/// </summary>
sealed class HostPlaces(HostTarget host)
{
    private readonly Lazy<MountGuard> _guard = new(() => host.Mounts(name: "", bundle: ""));

    /// <summary>Refuses a path whose directory is not what it seems. Its last part is replaced or removed, not
    /// followed.</summary>
    /// <param name="doing">For errors, such as "writing /etc/x".</param>
    /// <param name="path">Absolute, as the host sees it.</param>
    /// <exception cref="SysctrException">Unsafe: says which link it is, or that it leads into the store.</exception>
    public void Check(string doing, string path)
    {
        string parent = Path.GetDirectoryName(path)!;
        try
        {
            for (string above = parent; above != "/"; above = Path.GetDirectoryName(above)!)
            {
                if (!Directory.Exists(host.Inside(above)) && new FileInfo(host.Here(above)).LinkTarget is { } nowhere)
                {
                    throw new IOException($"{above} is a symbolic link, to {nowhere}, where there is no directory");
                }
            }

            if (host.Root == "/")
            {
                using SafeFileHandle? opened = GuardedPath.Open(parent, _guard.Value.RefuseLink);
            }

            if (_guard.Value.IsOwn(Path.Join(host.Inside(parent), Path.GetFileName(path))))
            {
                throw new IOException($"{parent} leads into the store of sysctr");
            }
        }
        catch (IOException e) when (e is not LinuxException)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{doing}: {e.Message}",
                "look at who made it, and make it a directory again, or remove it",
                e
            );
        }
    }

    /// <summary>Refuses a symbolic link that an image brings and that would lead into the store.</summary>
    /// <param name="path">Where the link is going to stand.</param>
    /// <param name="target">What it says.</param>
    /// <exception cref="SysctrException">Unsafe.</exception>
    public void CheckLink(string path, string target)
    {
        string named = target.StartsWith('/') ? target : Path.Join(Path.GetDirectoryName(path), target);
        if (_guard.Value.IsOwn(host.Inside(named)))
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"installing {path}: it is a link to {target}, which leads into the store of sysctr"
            );
        }
    }
}
