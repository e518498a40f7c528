// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Verity;

namespace SystemContainers.Store.Records;

/// <summary>The key of a file while its content passes.</summary>
sealed class ObjectHasher : IDisposable
{
    private readonly IncrementalHash? _inode;
    private readonly VerityHasher? _content;

    /// <param name="form">Which key.</param>
    /// <param name="metadata">The file's; part of the key of one form.</param>
    public ObjectHasher(ObjectForm form, FileMetadata metadata)
    {
        if (form == ObjectForm.Content)
        {
            _content = new VerityHasher();
            return;
        }

        _inode = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _inode.AppendData(ObjectKey.Header(metadata));
    }

    /// <summary>The key of a file as it is on disk now.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static ObjectKey KeyOf(ObjectForm form, FileMetadata metadata, SafeFileHandle file)
    {
        using ObjectHasher hasher = new(form, metadata);
        FileBytes.Each(file, hasher.Append);
        return hasher.Finish();
    }

    /// <summary>Takes what comes next of the content.</summary>
    public void Append(ReadOnlySpan<byte> content)
    {
        _inode?.AppendData(content);
        _content?.Append(content);
    }

    /// <summary>The key; once.</summary>
    public ObjectKey Finish() =>
        _content is not null ? ObjectKey.Of(_content.Finish()) : ObjectKey.FromHash(_inode!.GetHashAndReset());

    /// <inheritdoc/>
    public void Dispose() => _inode?.Dispose();
}
