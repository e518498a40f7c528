using System.Security.Cryptography;
using System.Text;
using SystemContainers.Oci;

namespace SystemContainers.Deploy;

/// <summary>What stands at a path of the host.</summary>
static class HostFileFacts
{
    /// <summary>Something that we never put anywhere: a directory, a device.</summary>
    private static readonly Digest s_other = Digest.Sha256("\0neither file nor link\0"u8.ToArray());

    /// <summary>The digest that <see cref="InstalledFile.Sha256"/> would have; null where nothing stands there.</summary>
    /// <param name="path">As this process sees it.</param>
    public static Digest? DigestOf(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
        {
            return Digest.Sha256(Encoding.UTF8.GetBytes(target));
        }

        if (!File.Exists(path))
        {
            return Directory.Exists(path) ? s_other : null;
        }

        using FileStream file = File.OpenRead(path);
        return Digest.FromSha256(SHA256.HashData(file));
    }

    /// <summary>Whether anything stands there, a dangling link too.</summary>
    public static bool IsThere(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;
}
