// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Chunked;

namespace SystemContainers.Pull.Chunked;

/// <summary>Nothing was found.</summary>
sealed class NothingFound : IFoundContents
{
    public static NothingFound Instance { get; } = new();

    public int Count => 0;

    public bool Has(ContentSum sum) => false;

    public (SafeFileHandle File, long Offset)? Open(ContentSum sum) => null;

    public void Dispose()
    {
    }
}
