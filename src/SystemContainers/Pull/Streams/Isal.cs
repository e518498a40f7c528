// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Pull.Streams;

/// <summary>
/// ISA-L's inflater (Debian: libisal2), which needs two thirds of the processor time of the runtime's. It is opened by
/// name where it is installed: nothing depends on it. igzip_lib.h has the structure and the numbers; a test compares
/// them with what the C compiler says.
/// </summary>
sealed unsafe class Isal
{
    /// <summary>The name that all versions 2.x have: the structure and the calls stay as they are in them.</summary>
    private const string Library = "libisal.so.2";

    internal const int ISAL_GZIP_NO_HDR_VER = 6;
    internal const int ISAL_DECOMP_OK = 0;
    internal const int ISAL_INCORRECT_CHECKSUM = -6;
    internal const int ISAL_BLOCK_FINISH = 5;

    private static Isal? s_found;

    private readonly delegate* unmanaged<inflate_state*, void> _init;
    private readonly delegate* unmanaged<inflate_state*, int> _inflate;

    private Isal(nint init, nint inflate)
    {
        _init = (delegate* unmanaged<inflate_state*, void>)init;
        _inflate = (delegate* unmanaged<inflate_state*, int>)inflate;
    }

    /// <summary>The members that are set or read; what is between them and behind them is the library's.</summary>
    [StructLayout(LayoutKind.Explicit, Size = Bytes)]
    internal struct inflate_state
    {
        /// <summary>Some more than the structure has, which is 87 368 bytes.</summary>
        internal const int Bytes = 96 << 10;

        [FieldOffset(0)]
        internal byte* next_out;

        [FieldOffset(8)]
        internal uint avail_out;

        [FieldOffset(16)]
        internal byte* next_in;

        [FieldOffset(32)]
        internal uint avail_in;

        [FieldOffset(21160)]
        internal int block_state;

        [FieldOffset(21172)]
        internal uint crc_flag;
    }

    /// <summary>The library; null where it is not installed, or lacks something that is called.</summary>
    public static Isal? Find() => s_found ??= Open();

    /// <summary>Makes a structure ready for what stands behind a gzip member's header: data, checksum and
    /// length.</summary>
    public void Init(inflate_state* state)
    {
        _init(state);
        state->crc_flag = ISAL_GZIP_NO_HDR_VER;
    }

    /// <summary>Goes on until the input is empty, the output full, or the member read.</summary>
    /// <returns><see cref="ISAL_DECOMP_OK"/> or more, or a negative number: what is wrong with the input.</returns>
    public int Inflate(inflate_state* state) => _inflate(state);

    private static Isal? Open() =>
        NativeLibrary.TryLoad(Library, out nint library)
        && NativeLibrary.TryGetExport(library, "isal_inflate_init", out nint init)
        && NativeLibrary.TryGetExport(library, "isal_inflate", out nint inflate)
            ? new Isal(init, inflate)
            : null;
}
