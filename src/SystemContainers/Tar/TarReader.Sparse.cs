// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Tar;

/// <summary>Files with holes: GNU's old header and pax formats 0.0, 0.1 and 1.0 (GNU tar manual, "Sparse
/// Formats").</summary>
sealed partial class TarReader
{
    private const int MaxNumberLength = 20;

    private void BeginSparse(TarHeader header, PaxRecords? local, TarEntry entry, out long size)
    {
        size = entry.Size;
        List<long>? numbers = null;
        if (header.TypeFlag == 'S')
        {
            // Others who use the letter put the map elsewhere.
            if (!header.IsGnu || !TarNumber.TryParse(header.GnuRealSize, out size))
            {
                TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse file's size is no number", _position);
            }

            numbers = ReadOldMap(header, entry);
        }
        else if (entry.Type == TarEntryType.Regular && local is not null)
        {
            numbers = ReadPaxMap(local, entry, ref size);
        }

        if (numbers is null)
        {
            return;
        }

        if (size is < 0 or > TarLimits.MaxSparseBytes)
        {
            TarErrors.Unsafe(
                $"{Describe(entry.Name)}: a sparse file of {size} bytes is larger than {TarLimits.MaxSparseBytes}",
                _position
            );
        }

        _sparse = SparseMap.Of(numbers, size, _remaining);
        if (_sparse is null)
        {
            TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse map does not fit the file", _position);
        }

        _sparseSize = size;
        _sparsePosition = 0;
        _sparsePiece = 0;
    }

    private int ReadSparse(Span<byte> buffer)
    {
        long left = _sparseSize - _sparsePosition;
        if (left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        IReadOnlyList<(long Offset, long Length)> pieces = _sparse!.Pieces;
        (long offset, long length) = _sparsePiece < pieces.Count ? pieces[_sparsePiece] : (_sparseSize, 0);
        int count;
        if (_sparsePosition < offset)
        {
            count = (int)Math.Min(buffer.Length, offset - _sparsePosition);
            buffer[..count].Clear();
        }
        else
        {
            count = ReadData(buffer[..(int)Math.Min(buffer.Length, offset + length - _sparsePosition)]);
        }

        _sparsePosition += count;
        if (_sparsePiece < pieces.Count && _sparsePosition == offset + length)
        {
            _sparsePiece++;
        }

        return count;
    }

    /// <summary>The map in a GNU header of type S, and in the blocks that continue it.</summary>
    private List<long> ReadOldMap(TarHeader header, TarEntry entry)
    {
        List<long> numbers = [];
        AddOldNumbers(numbers, header.GnuSparse, entry);
        bool more = header.GnuIsExtended;
        while (more)
        {
            // Continuation blocks stand between header and data and do not count as data.
            if (!ReadBlock())
            {
                TarErrors.Corrupt("it ends inside a sparse map", _position);
            }

            AddOldNumbers(numbers, _block.AsSpan(0, 21 * 24), entry);
            more = _block[504] != 0;
            CheckMapSize(numbers, entry);
        }

        return numbers;
    }

    private void AddOldNumbers(List<long> numbers, ReadOnlySpan<byte> pieces, TarEntry entry)
    {
        for (int i = 0; i < pieces.Length && pieces[i] != 0; i += 24)
        {
            if (
                !TarNumber.TryParse(pieces.Slice(i, 12), out long offset)
                || !TarNumber.TryParse(pieces.Slice(i + 12, 12), out long length)
            )
            {
                TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse map holds no numbers", _position);
                return;
            }

            numbers.Add(offset);
            numbers.Add(length);
        }
    }

    /// <returns>Null where the entry is not sparse.</returns>
    private List<long>? ReadPaxMap(PaxRecords local, TarEntry entry, ref long size)
    {
        if (!local.IsSparse)
        {
            return null;
        }

        byte[]? major = local.Find("GNU.sparse.major");
        byte[]? minor = local.Find("GNU.sparse.minor");
        byte[]? map = local.Find("GNU.sparse.map");
        byte[]? pieces = local.Find("GNU.sparse.numblocks");

        bool inData = major is [(byte)'1'] && minor is [(byte)'0'];
        if (!inData && (major ?? minor) is not null && !(major is [(byte)'0'] && minor is [(byte)'0' or (byte)'1']))
        {
            TarErrors.Corrupt($"{Describe(entry.Name)}: a sparse format that is not known", _position);
        }

        byte[]? realSize = local.Find("GNU.sparse.size") ?? local.Find("GNU.sparse.realsize");
        if (realSize is null || !TarNumber.TryParseDecimal(realSize, out size))
        {
            TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse file's size is missing", _position);
        }

        if (inData)
        {
            return ReadMapFromData(entry);
        }

        List<long> numbers = map is not null ? ParseMap(map, entry) : local.SparseNumbers;
        if (pieces is null || !TarNumber.TryParseDecimal(pieces, out long count) || numbers.Count != 2 * count)
        {
            TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse map is not of the length it claims", _position);
        }

        return numbers;
    }

    private List<long> ParseMap(byte[] map, TarEntry entry)
    {
        List<long> numbers = [];
        foreach (Range part in map.AsSpan().Split((byte)','))
        {
            if (!TarNumber.TryParseDecimal(map.AsSpan(part), out long number))
            {
                TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse map holds no numbers", _position);
            }

            numbers.Add(number);
        }

        return numbers;
    }

    /// <summary>Format 1.0: a count and the numbers, a line each, padded to whole blocks, before the data
    /// proper.</summary>
    private List<long> ReadMapFromData(TarEntry entry)
    {
        List<long> numbers = [];
        List<byte> line = [];
        long expected = -1;
        while (expected != numbers.Count)
        {
            if (_remaining < BlockSize)
            {
                TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse map is cut", _position);
            }

            for (int done = 0; done < BlockSize;)
            {
                done += ReadData(_block.AsSpan(done));
            }

            foreach (byte character in _block)
            {
                if (expected == numbers.Count)
                {
                    break;
                }

                if (character != '\n')
                {
                    if (line.Count == MaxNumberLength)
                    {
                        TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse map holds no numbers", _position);
                    }

                    line.Add(character);
                    continue;
                }

                if (!TarNumber.TryParseDecimal(CollectionsMarshal.AsSpan(line), out long number))
                {
                    TarErrors.Corrupt($"{Describe(entry.Name)}: the sparse map holds no numbers", _position);
                }

                line.Clear();
                if (expected < 0)
                {
                    if (number > TarLimits.MaxHeaderBytes)
                    {
                        TarErrors.Unsafe($"{Describe(entry.Name)}: the sparse map has too many pieces", _position);
                    }

                    expected = number * 2;
                }
                else
                {
                    numbers.Add(number);
                }
            }

            CheckMapSize(numbers, entry);
        }

        return numbers;
    }

    private void CheckMapSize(List<long> numbers, TarEntry entry)
    {
        if (numbers.Count > TarLimits.MaxHeaderBytes)
        {
            TarErrors.Unsafe($"{Describe(entry.Name)}: the sparse map has too many pieces", _position);
        }
    }
}
