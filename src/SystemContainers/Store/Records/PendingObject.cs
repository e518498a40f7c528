// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using SystemContainers.Linux.Verity;

namespace SystemContainers.Store.Records;

/// <summary>A small file on its way to a worker: header, where its key has one, and content in one pooled buffer, so
/// that one call hashes both.</summary>
sealed class PendingObject
{
    private readonly byte[] _buffer;
    private readonly int _headerLength;

    private PendingObject(LayerEntry entry, byte[] buffer, int headerLength)
    {
        Entry = entry;
        _buffer = buffer;
        _headerLength = headerLength;
    }

    public LayerEntry Entry { get; }

    /// <summary>The content, <see cref="LayerEntry.Size"/> bytes.</summary>
    public Span<byte> Content => _buffer.AsSpan(_headerLength, (int)Entry.Size);

    public static PendingObject Rent(LayerEntry entry, byte[] header)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(header.Length + (int)entry.Size);
        header.CopyTo(buffer, 0);
        return new PendingObject(entry, buffer, header.Length);
    }

    public ObjectKey ComputeKey() =>
        Entry.Form == ObjectForm.Content
            ? ObjectKey.Of(VerityHasher.Of(Content))
            : ObjectKey.Of(_buffer.AsSpan(0, _headerLength + (int)Entry.Size));

    public void Return() => ArrayPool<byte>.Shared.Return(_buffer);
}
