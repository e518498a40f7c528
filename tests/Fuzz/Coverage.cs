// SPDX-License-Identifier: Apache-2.0

using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace SystemContainers.Fuzz;

/// <summary>
/// How often each edge between two branches was gone, in the memory that AFL would share (afl, technical_details.txt,
/// "Coverage measurements"): the instrumented library counts in it.
/// </summary>
sealed unsafe class Coverage
{
    private const int Size = 1 << 16;

    private static readonly byte* s_counters = (byte*)NativeMemory.AllocZeroed(Size);

    /// <summary>Of each edge the classes of counts that were seen: 1, 2, 3, 4 to 7, ... as bits.</summary>
    private readonly byte[] _seen = new byte[Size];

    /// <summary>Edges that were ever gone.</summary>
    public int Edges => _seen.Count(s => s != 0);

    /// <summary>Before anything of the library is called, which counts from then on to the end.</summary>
    public static void Begin() => Trace.SharedMem = s_counters;

    /// <summary>Before each document.</summary>
    public static void Reset()
    {
        new Span<byte>(s_counters, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Takes in what the document did; whether any of it is new.</summary>
    public bool Take()
    {
        bool isNew = false;
        for (int i = 0; i < Size; i += sizeof(ulong))
        {
            if (*(ulong*)(s_counters + i) == 0)
            {
                continue;
            }

            for (int edge = i; edge < i + sizeof(ulong); edge++)
            {
                byte kind = Class(s_counters[edge]);
                isNew |= (kind & ~_seen[edge]) != 0;
                _seen[edge] |= kind;
            }
        }

        return isNew;
    }

    private static byte Class(byte count) =>
        count switch
        {
            0 => 0,
            < 4 => (byte)(1 << (count - 1)),
            _ => (byte)(1 << (1 + BitOperations.Log2(count) - (count >= 128 ? 1 : 0))),
        };
}
