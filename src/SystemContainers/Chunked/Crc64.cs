// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Chunked;

/// <summary>CRC-64 of ISO 3309 (reflected, 0xD800000000000000) as Go's hash/crc64 has it, with which tar-split marks
/// files. It proves nothing.</summary>
struct Crc64()
{
    private const ulong Polynomial = 0xD800000000000000;

    private static readonly ulong[][] s_tables = Tables();

    private ulong _state = ulong.MaxValue;

    /// <summary>What it comes to.</summary>
    public readonly ulong Value => ~_state;

    /// <summary>Adds bytes, eight at a time.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ulong crc = _state;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc ^= System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            crc =
                s_tables[7][crc & 0xff]
                ^ s_tables[6][(crc >> 8) & 0xff]
                ^ s_tables[5][(crc >> 16) & 0xff]
                ^ s_tables[4][(crc >> 24) & 0xff]
                ^ s_tables[3][(crc >> 32) & 0xff]
                ^ s_tables[2][(crc >> 40) & 0xff]
                ^ s_tables[1][(crc >> 48) & 0xff]
                ^ s_tables[0][crc >> 56];
        }

        foreach (byte value in bytes)
        {
            crc = s_tables[0][(crc ^ value) & 0xff] ^ (crc >> 8);
        }

        _state = crc;
    }

    private static ulong[][] Tables()
    {
        ulong[][] tables = [.. Enumerable.Range(0, 8).Select(_ => new ulong[256])];
        for (uint i = 0; i < 256; i++)
        {
            ulong crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            }

            tables[0][i] = crc;
        }

        for (int i = 0; i < 256; i++)
        {
            for (int table = 1; table < 8; table++)
            {
                ulong before = tables[table - 1][i];
                tables[table][i] = tables[0][before & 0xff] ^ (before >> 8);
            }
        }

        return tables;
    }
}
