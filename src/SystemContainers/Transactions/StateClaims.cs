// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Linux.Files;
using SystemContainers.Render.HostFiles;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Templates;

namespace SystemContainers.Transactions;

/// <summary>
/// Which state directories are a container's own, <c>state-directories.json</c>: those that were not there when it was
/// installed. A claim outlives the container, so that a later install of the same name may purge what the first one
/// left. A directory that somebody else had before is never claimed, and so never purged. Nor is one that another
/// container has claimed, or that is in one, or has one in it: a claim is one container's.
/// </summary>
sealed class StateClaims(Host host)
{
    private string File => Path.Join(host.StoreHere, "state-directories.json");

    /// <summary>Those of <paramref name="directories"/> that the container may call its own.</summary>
    public IReadOnlyList<string> Claimable(string name, IEnumerable<string> directories)
    {
        Dictionary<string, string> claims = Read();
        return
        [
            .. directories.Where(d =>
                OtherOwner(claims, name, d) is null
                && (!Path.Exists(host.Inside(d)) || (claims.TryGetValue(d, out string? owner) && owner == name))
            ),
        ];
    }

    /// <summary>What the container may call its own already, from an earlier deployment or an earlier container of that
    /// name.</summary>
    public IReadOnlyList<string> Of(string name) => [.. Read().Where(c => c.Value == name).Select(c => c.Key)];

    /// <summary>
    /// Makes the claims durable; call it while the container's lock is held, before the directories are made. What
    /// another container has claimed meanwhile, such as one of the same call, stays that one's.
    /// </summary>
    public void Claim(string name, IReadOnlyList<string> directories) =>
        Change(claims =>
        {
            foreach (string directory in directories.Where(d => OtherOwner(claims, name, d) is null))
            {
                claims[directory] = name;
            }
        });

    /// <summary>Forgets claims of a container whose directories were purged; those of others stay.</summary>
    public void Release(string name, IReadOnlyList<string> directories) =>
        Change(claims =>
        {
            foreach (string directory in directories.Where(d => claims.GetValueOrDefault(d) == name))
            {
                claims.Remove(directory);
            }
        });

    /// <summary>Which other container has to do with a directory: it has claimed it, or makes or mounts it, or
    /// something in it or around it.</summary>
    /// <returns>Null where none has: then it is this container's alone.</returns>
    public string? OtherUser(string name, string directory)
    {
        if (OtherOwner(Read(), name, directory) is { } owner)
        {
            return owner;
        }

        _uses ??=
        [
            .. host
                .Catalog.DirectoryNames()
                .Where(n => n != name && host.Catalog.IsInstalled(n))
                .SelectMany(n => Uses(n).Select(d => (n, d))),
        ];
        return _uses.FirstOrDefault(u => Touch(u.Directory, directory)).Name;
    }

    private (string Name, string Directory)[]? _uses;

    /// <summary>What a container makes and mounts to write to, also where it has no claim to it.</summary>
    private IEnumerable<string> Uses(string name)
    {
        string current = Path.Join(host.Deployment(name, 0).ContainerHere, "current");
        string tmpfiles = Path.Join(current, "host", Path.Join(host.Paths.TmpfilesDirectory, name + ".conf"));
        return Made(tmpfiles)
            .Concat(
                MountGuard
                    .WritableSources(Path.Join(current, DeploymentDirectory.ConfigName))
                    .Where(s => s.StartsWith('/'))
                    .Select(s => HostPath.WithoutVarRun(HostPath.Absolute(s)))
                    // Whoever sees all of /run or /var/lib has no part in every directory there.
                    .Where(s => !MountGuard.IsSystemDirectory(s))
            );
    }

    /// <summary>None where there is no such file: the container's other calls may be taking it away.</summary>
    private static IEnumerable<string> Made(string tmpfiles)
    {
        try
        {
            return TmpfilesLines.Directories(RegularFile.ReadText(tmpfiles));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static string? OtherOwner(Dictionary<string, string> claims, string name, string directory) =>
        claims.FirstOrDefault(c => c.Value != name && Touch(c.Key, directory)).Value;

    private static bool Touch(string one, string other) =>
        one == other || HostPath.IsBelow(one, other) || HostPath.IsBelow(other, one);

    private void Change(Action<Dictionary<string, string>> change)
    {
        using IDisposable held = host.Locks.LockStateDirectories();
        Dictionary<string, string> before = Read();
        Dictionary<string, string> claims = new(before);
        change(claims);
        if (claims.Count == before.Count && claims.All(c => before.GetValueOrDefault(c.Key) == c.Value))
        {
            // A full disk takes not even the same once more.
            return;
        }

        DurableFile.Write(
            File,
            JsonSerializer.SerializeToUtf8Bytes(claims, StateJson.Default.DictionaryStringString),
            UnixFileMode.UserRead | UnixFileMode.UserWrite
        );
    }

    private Dictionary<string, string> Read() =>
        System.IO.File.Exists(File) ? RecordDocument.Read(File, StateJson.Default.DictionaryStringString) : [];
}
