// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Verity;
using SystemContainers.Store.Records;

namespace SystemContainers.Composefs;

/// <summary>How an image names the content of a file: by its fs-verity digest, in the two attributes that an overlay
/// reads.</summary>
/// <param name="algorithm">Of the digests.</param>
/// <param name="digest">Gives the digest of an object into room for it; for SHA-256 the object's own name.</param>
sealed class ContentNames(VerityAlgorithm algorithm, ContentNames.Digester digest)
{
    /// <summary>Writes the digest of an object's content.</summary>
    /// <param name="key">Of the form <see cref="ObjectForm.Content"/>.</param>
    /// <param name="digest">As long as one.</param>
    public delegate void Digester(ObjectKey key, Span<byte> digest);

    /// <summary>As the store names its objects.</summary>
    public static ContentNames OfStore { get; } =
        new(VerityAlgorithm.Sha256, static (key, digest) => key.CopyTo(digest));

    private int Size => VerityHasher.SizeOf(algorithm);

    /// <summary>The attributes of an object.</summary>
    public (XattrEntry Metacopy, XattrEntry Redirect) Of(ObjectKey key)
    {
        (XattrEntry, XattrEntry) content = Room();
        Fill(content, key);
        return content;
    }

    /// <summary>Attributes that <see cref="Fill"/> can be used for.</summary>
    public (XattrEntry Metacopy, XattrEntry Redirect) Room()
    {
        // struct ovl_metacopy: version, length, flags, algorithm, digest. And /ab/cdef…, with two slashes and no final
        // zero.
        byte[] metacopy = new byte[4 + Size];
        (metacopy[1], metacopy[3]) = ((byte)metacopy.Length, (byte)algorithm);
        return (
            new XattrEntry(OverlayXattrs.Metacopy, metacopy),
            new XattrEntry(OverlayXattrs.Redirect, new byte[(2 * Size) + 2])
        );
    }

    /// <summary>Has them name another object.</summary>
    public void Fill((XattrEntry Metacopy, XattrEntry Redirect) content, ObjectKey key)
    {
        Span<byte> value = content.Metacopy.Value.AsSpan(4);
        digest(key, value);
        Span<byte> path = content.Redirect.Value;
        Span<byte> hex = stackalloc byte[2 * Size];
        Convert.TryToHexStringLower(value, hex, out _);
        path[0] = path[3] = (byte)'/';
        hex[..2].CopyTo(path[1..]);
        hex[2..].CopyTo(path[4..]);
    }
}
