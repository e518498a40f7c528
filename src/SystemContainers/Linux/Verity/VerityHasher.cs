// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Verity;

/// <summary>
/// The fs-verity digest of bytes as they pass, in one pass over them: a block's hash goes into the block of its level,
/// a full one's into the level above. It holds a block a level, so four for a file of any size that is met.
/// </summary>
/// <param name="algorithm">What hashes the blocks.</param>
sealed class VerityHasher(VerityAlgorithm algorithm = VerityAlgorithm.Sha256)
{
    /// <summary>Bytes of a block, of data and of hashes.</summary>
    public const int BlockSize = 4096;

    private const int DescriptorSize = 256;

    /// <summary>For content that is hashed at one go: two blocks a file are much for the small files that most
    /// are.</summary>
    [ThreadStatic]
    private static VerityHasher? t_mine;

    /// <summary>The block of data that is being filled.</summary>
    private readonly byte[] _data = new byte[BlockSize];

    /// <summary>Blocks of hashes, the one of the data's first.</summary>
    private readonly List<Level> _levels = [];

    private long _length;
    private int _filled;

    /// <summary>Bytes of a hash, and so of a digest.</summary>
    public static int SizeOf(VerityAlgorithm algorithm) =>
        algorithm == VerityAlgorithm.Sha512 ? SHA512.HashSizeInBytes : SHA256.HashSizeInBytes;

    /// <summary>The digest of content that is at hand.</summary>
    public static VerityDigest Of(ReadOnlySpan<byte> content)
    {
        VerityHasher hasher = t_mine ??= new VerityHasher();
        hasher.Clear();
        hasher.Append(content);
        return hasher.Finish();
    }

    /// <summary>The digest of a file as it is on disk now.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static VerityDigest Of(SafeFileHandle file)
    {
        VerityHasher hasher = new();
        FileBytes.Each(file, hasher.Append);
        return hasher.Finish();
    }

    /// <summary>Takes what comes next of the content.</summary>
    public void Append(ReadOnlySpan<byte> content)
    {
        _length += content.Length;
        if (_filled > 0)
        {
            int taken = Math.Min(content.Length, BlockSize - _filled);
            content[..taken].CopyTo(_data.AsSpan(_filled));
            _filled += taken;
            content = content[taken..];
            if (_filled == BlockSize)
            {
                AddHash(0, _data);
                _filled = 0;
            }
        }

        for (; content.Length >= BlockSize; content = content[BlockSize..])
        {
            AddHash(0, content[..BlockSize]);
        }

        if (content.Length > 0)
        {
            content.CopyTo(_data);
            _filled = content.Length;
        }
    }

    /// <summary>The digest of all that was given, by SHA-256; once.</summary>
    public VerityDigest Finish()
    {
        Span<byte> digest = stackalloc byte[VerityDigest.Size];
        Finish(digest);
        return VerityDigest.FromBytes(digest);
    }

    /// <summary>The digest of all that was given, in small hexadecimal digits; once.</summary>
    public string FinishHex()
    {
        Span<byte> digest = stackalloc byte[HashSize];
        Finish(digest);
        return Convert.ToHexStringLower(digest);
    }

    /// <summary>The digest of all that was given; once.</summary>
    /// <param name="digest">Gets it; as long as a hash.</param>
    public void Finish(Span<byte> digest)
    {
        if (_filled > 0)
        {
            _data.AsSpan(_filled).Clear();
            AddHash(0, _data);
        }

        // struct fsverity_descriptor (linux/fsverity.h): version, algorithm, log2 of the block size, size of the data,
        // root hash.
        Span<byte> descriptor = stackalloc byte[DescriptorSize];
        descriptor.Clear();
        descriptor[0] = 1;
        descriptor[1] = (byte)algorithm;
        descriptor[2] = 12;
        BinaryPrimitives.WriteInt64LittleEndian(descriptor[8..], _length);
        FinishTree(descriptor.Slice(16, HashSize));
        Hash(descriptor, digest);
    }

    private int HashSize => SizeOf(algorithm);

    private void Hash(ReadOnlySpan<byte> block, Span<byte> hash)
    {
        if (algorithm == VerityAlgorithm.Sha512)
        {
            SHA512.HashData(block, hash);
        }
        else
        {
            SHA256.HashData(block, hash);
        }
    }

    private void Clear()
    {
        (_length, _filled) = (0, 0);
        foreach (Level level in _levels)
        {
            (level.Filled, level.Total) = (0, 0);
        }
    }

    /// <summary>A level that ends with one hash in all is the root; that of an empty file is zeros.</summary>
    private void FinishTree(Span<byte> root)
    {
        for (int i = 0; i < _levels.Count; i++)
        {
            Level level = _levels[i];
            if (level.Total == 1)
            {
                level.Hashes.AsSpan(0, HashSize).CopyTo(root);
                return;
            }

            if (level.Filled > 0)
            {
                level.Hashes.AsSpan(level.Filled).Clear();
                AddHash(i + 1, level.Hashes);
                level.Filled = 0;
            }
        }
    }

    private void AddHash(int index, ReadOnlySpan<byte> block)
    {
        if (index == _levels.Count)
        {
            _levels.Add(new Level());
        }

        Level level = _levels[index];
        Hash(block, level.Hashes.AsSpan(level.Filled));
        level.Filled += HashSize;
        level.Total++;
        if (level.Filled == BlockSize)
        {
            AddHash(index + 1, level.Hashes);
            level.Filled = 0;
        }
    }

    private sealed class Level
    {
        public byte[] Hashes { get; } = new byte[BlockSize];

        public int Filled { get; set; }

        public long Total { get; set; }
    }
}
