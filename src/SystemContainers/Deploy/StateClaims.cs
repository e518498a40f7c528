using System.Text.Json;
using SystemContainers.Linux;

namespace SystemContainers.Deploy;

/// <summary>
/// Which state directories are a container's own, <c>state-directories.json</c>: those that were not there when it was installed.
/// A claim outlives the container, so that a later install of the same name may purge what the first one left. A directory
/// that somebody else had before is never claimed, and so never purged.
/// </summary>
/// <param name="host">The host.</param>
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
                !Path.Exists(host.Here(d)) || (claims.TryGetValue(d, out string? owner) && owner == name)),
        ];
    }

    /// <summary>What the container may call its own already, from an earlier deployment or an earlier container of that name.</summary>
    public IReadOnlyList<string> Of(string name) => [.. Read().Where(c => c.Value == name).Select(c => c.Key)];

    /// <summary>Makes the claims durable; call it while the container's lock is held, before the directories are made.</summary>
    public void Claim(string name, IReadOnlyList<string> directories) => Change(claims =>
    {
        foreach (string directory in directories)
        {
            claims[directory] = name;
        }
    });

    /// <summary>Forgets claims whose directories were purged.</summary>
    public void Release(IReadOnlyList<string> directories) => Change(claims =>
    {
        foreach (string directory in directories)
        {
            claims.Remove(directory);
        }
    });

    private void Change(Action<Dictionary<string, string>> change)
    {
        using IDisposable held = host.LockContainers(["+state-directories"], CancellationToken.None);
        Dictionary<string, string> claims = Read();
        change(claims);
        DurableFile.Write(
            File, JsonSerializer.SerializeToUtf8Bytes(claims, DeployJson.Default.DictionaryStringString), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private Dictionary<string, string> Read() =>
        System.IO.File.Exists(File) ? DeployJson.Read(File, DeployJson.Default.DictionaryStringString) : [];
}
