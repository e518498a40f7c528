// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;

namespace SystemContainers.Linux.Native;

/// <summary>The descriptor of a handle, which stays open until this is disposed of. A release leaves errno as it
/// was.</summary>
readonly ref struct Held : IDisposable
{
    private readonly SafeHandle _handle;
    private readonly bool _added;

    public Held(SafeHandle handle)
    {
        _handle = handle;
        handle.DangerousAddRef(ref _added);
    }

    public int Value => (int)_handle.DangerousGetHandle();

    public void Dispose()
    {
        if (_added)
        {
            _handle.DangerousRelease();
        }
    }
}

/// <summary>Strings as C wants them.</summary>
static class CString
{
    /// <summary>UTF-8 with a zero at the end.</summary>
    public static byte[] Of(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
