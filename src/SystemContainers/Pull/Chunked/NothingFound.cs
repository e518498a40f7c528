// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Chunked;

namespace SystemContainers.Pull.Chunked;

/// <summary>Nothing was found.</summary>
sealed class NothingFound : IFoundContents
{
    public static NothingFound Instance { get; } = new();

    public int Count => 0;

    public int Places(ContentSum sum) => 0;

    public (SafeFileHandle File, long Offset)? Open(ContentSum sum, int place) => null;

    public void Dispose() { }
}
