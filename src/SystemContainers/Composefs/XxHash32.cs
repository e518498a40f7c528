// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Numerics;

namespace SystemContainers.Composefs;

/// <summary>XXH32 (xxhash_spec.md, "XXH32 algorithm description"), by which EROFS filters the names of
/// attributes.</summary>
static class XxHash32
{
    private const uint Prime1 = 0x9e3779b1;
    private const uint Prime2 = 0x85ebca77;
    private const uint Prime3 = 0xc2b2ae3d;
    private const uint Prime4 = 0x27d4eb2f;
    private const uint Prime5 = 0x165667b1;

    private const int StripeSize = 16;

    public static uint Of(ReadOnlySpan<byte> input, uint seed)
    {
        uint hash;
        ReadOnlySpan<byte> rest = input;
        if (input.Length < StripeSize)
        {
            hash = seed + Prime5;
        }
        else
        {
            uint first = seed + Prime1 + Prime2;
            uint second = seed + Prime2;
            uint third = seed;
            uint fourth = seed - Prime1;
            for (; rest.Length >= StripeSize; rest = rest[StripeSize..])
            {
                first = Round(first, rest);
                second = Round(second, rest[4..]);
                third = Round(third, rest[8..]);
                fourth = Round(fourth, rest[12..]);
            }

            hash =
                BitOperations.RotateLeft(first, 1)
                + BitOperations.RotateLeft(second, 7)
                + BitOperations.RotateLeft(third, 12)
                + BitOperations.RotateLeft(fourth, 18);
        }

        hash += (uint)input.Length;
        for (; rest.Length >= 4; rest = rest[4..])
        {
            hash =
                BitOperations.RotateLeft(hash + (BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime3), 17) * Prime4;
        }

        foreach (byte last in rest)
        {
            hash = BitOperations.RotateLeft(hash + (last * Prime5), 11) * Prime1;
        }

        hash = (hash ^ (hash >> 15)) * Prime2;
        hash = (hash ^ (hash >> 13)) * Prime3;
        return hash ^ (hash >> 16);
    }

    private static uint Round(uint lane, ReadOnlySpan<byte> input) =>
        BitOperations.RotateLeft(lane + (BinaryPrimitives.ReadUInt32LittleEndian(input) * Prime2), 13) * Prime1;
}
